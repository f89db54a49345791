#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/architecture/operators.h"
#include "models/architecture/rank_shape.h"

namespace orrery::models {

// Steps under construction. Internal to this room.
LayerStep gemm_step(std::string label, const GemmShape& shape);
LayerStep memory_step(std::string label, std::string family, Bytes bytes);
LayerStep tp_step(std::string label, sim::TransferKind kind, Bytes bytes);
LayerStep group_step(std::string label, sim::TransferKind kind, LayerGroup group, Bytes bytes);

// A backward pass in its fused order, each step marked as belonging to the data
// gradient or to the weight gradient: the two halves that zero-bubble schedules
// run apart come out of the same list.
class StepList {
 public:
  enum class Half : bool { input, weight };

  int add(LayerStep step, Half half = Half::input);
  int add_weight(LayerStep step) { return add(std::move(step), Half::weight); }

  // The next step of the main stream waits for side step `index`.
  void next_waits_for(int index) { pending_wait_ = index; }
  void append(const StepList& other, bool recomputed);

  const std::vector<LayerStep>& steps() const { return steps_; }
  std::vector<LayerStep> take() && { return std::move(steps_); }
  // One half by itself: all on the main stream, since nothing is left to hide it.
  std::vector<LayerStep> half(Half half) const;

 private:
  std::vector<LayerStep> steps_;
  std::vector<Half> halves_;
  int pending_wait_ = -1;
};

// One finished list behind another.
void append(std::vector<LayerStep>& steps, const std::vector<LayerStep>& more);

// A linear layer of a rank: `in` and `out` are the widths of its own weight.
struct Linear {
  std::string name;
  std::int64_t in = 0, out = 0;
  bool bias = false;
  Dtype dtype = Dtype::bf16;
};

// The product alone.
LayerStep linear_step(const RankShape& shape, const Linear& linear);

// y = x W with W split by columns: every rank needs the whole x, so sequence
// parallelism gathers it before; dX is a sum over ranks.
void column_parallel_forward(const RankShape& shape, const Linear& linear, StepList& list);
void column_parallel_backward(const RankShape& shape, const Stack& stack, const Linear& linear, StepList& list);

// y = x W with W split by rows: y is a sum over ranks, and dX needs the whole dY.
void row_parallel_forward(const RankShape& shape, const Linear& linear, StepList& list);
void row_parallel_backward(const RankShape& shape, const Stack& stack, const Linear& linear, StepList& list);

// y = x W with W whole on this rank, `products` times over for weights of one
// shape: a linear layer that no group splits, or the experts of a rank in one
// grouped product. `launches` is what the host issues for it.
struct LocalLinear {
  Linear linear;
  std::int64_t rows = 0;  // of each product
  std::int64_t products = 1;
  int launches = 1;
};
void local_forward(const LocalLinear& local, StepList& list);
void local_backward(const RankShape& shape, const Stack& stack, const LocalLinear& local, StepList& list);

}  // namespace orrery::models
