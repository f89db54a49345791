#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/compile/compile.h"
#include "models/compile/roles.h"
#include "models/compute/cost_model.h"
#include "models/schedules/schedule.h"
#include "sim/base/shared_list.h"
#include "sim/hash_index.h"
#include "sim/program.h"

namespace orrery::models {

// Kernels of a workload, each shape once, with its time on every kind of GPU.
class KernelTable {
 public:
  explicit KernelTable(const CostModel& costs) : costs_{&costs}, times_(1) {}
  explicit KernelTable(const std::deque<CostModel>& costs) : times_(costs.size()) {
    for (const CostModel& model : costs) costs_.push_back(&model);
  }

  std::uint32_t index(const Kernel& kernel);
  // `kind`: of the cluster's nodes (ClusterSpec::kinds).
  Duration time(std::uint32_t index, int kind = 0) const { return times_[static_cast<std::size_t>(kind)][index]; }
  const Kernel& operator[](std::uint32_t index) const { return kernels_[index]; }
  std::size_t size() const { return kernels_.size(); }
  std::vector<Kernel> take() && { return std::move(kernels_); }

 private:
  std::vector<const CostModel*> costs_;
  sim::HashIndex index_;
  std::vector<Kernel> kernels_;
  std::vector<std::vector<Duration>> times_;  // by kind of node
  std::uint32_t recent_ = 0;                  // asked for last
};

// Lists of tensors that one buffer of a program stands for (sim::Buffer::parts), each list once.
class TensorTable {
 public:
  TensorTable() : lists_(1) {}  // 0: no list

  std::uint16_t index(std::vector<Bytes> tensors);
  std::vector<std::vector<Bytes>> take() && { return std::move(lists_); }

 private:
  std::vector<std::vector<Bytes>> lists_;
};

// One LayerStep with everything resolved that does not depend on the micro-batch.
struct TemplateOp {
  LayerStep::Kind kind = LayerStep::Kind::kernel;
  bool side = false;
  int launches = 1;
  int waits_for = -1;
  sim::Category category = 0;
  sim::KernelClass kernel_class = sim::KernelClass::unaffected;
  std::uint32_t kernel = UINT32_MAX;
  Duration cost;
  std::string label;           // within its piece
  std::uint32_t label_id = 0;  // of the program that the template was made for
  sim::Transfer transfer;

  bool has_kernel() const { return kernel != UINT32_MAX; }
};

// A piece of the model (embedding, layer, head) on one rank, found once and
// issued for every micro-batch.
struct PieceTemplate {
  PieceKind kind = PieceKind::layer;
  int layer = 0;
  int degree = 1;  // of tensor parallelism
  SharedList<TemplateOp> forward, input_gradient, weight_gradient, backward;
  Bytes saved_until_input_gradient, saved_until_weight_gradient;
  std::uint16_t tensors_until_input_gradient = 0, tensors_until_weight_gradient = 0;  // of a TensorTable
  Bytes forward_transient, backward_transient, output;
  std::uint16_t tensors_of_forward = 0, tensors_of_backward = 0;  // of the transients; 0: one each
  std::int64_t parameters = 0;                                    // of the dense part on this rank
  std::int64_t table_parameters = 0;                              // of those, embeddings
  std::int64_t expert_parameters = 0;                             // of this rank's experts
  std::int64_t replicated_parameters = 0;                         // of those, the same on every TP rank
};

// What a pass runs of the piece.
std::span<const TemplateOp> steps_of(const PieceTemplate& piece, Action::Type type);

// Ranks that run the same program.
struct RankKind {
  int stage = 0;        // pipeline rank
  double slowdown = 1;  // of a straggler
  int context = 0;      // place in the context-parallel group, where those differ; else 0
  int expert = 0;       // place in the expert-parallel group, where routing is uneven; else 0
  int node = 0;         // kind of its node (ClusterSpec::kinds)
  int replica = 0;      // of its stage, where stages have numbers of replicas of their own: micro-batches differ
  auto operator<=>(const RankKind&) const = default;
};

// The labels of its ops, with the piece they are of, as labels of a program.
void resolve_labels(sim::ProgramBuilder& builder, PieceTemplate& piece);

// `split`: the schedule parts the backward pass into input and weight gradients; only the lists it uses are made.
PieceTemplate make_piece_template(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, bool split,
                                  const RankKind& rank, const LayerRoles& roles, KernelTable& kernels,
                                  TensorTable& tensors);

// Slowed by a straggler's factor, on the engine's grid of nanoseconds.
Duration slowed(Duration time, double slowdown);

}  // namespace orrery::models
