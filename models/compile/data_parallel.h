#pragma once

#include <vector>

#include "models/compile/stage_context.h"

namespace orrery::models {

// Parameters that travel together: whole pieces of one model chunk, filled in
// the order of the backward pass until a bucket has bucket_size elements.
struct Bucket {
  int chunk = 0;
  std::size_t first_piece = 0;  // of the chunk, in forward order
  std::size_t last_piece = 0;
  std::int64_t elements = 0;
};

// Gradient reduction and parameter gathering among the replicas of a shard:
// all-reduce (zero 0), or reduce-scatter and all-gather (zero 1), bucket by
// bucket, under the backward and the next forward pass where that is asked for.
class DataParallel {
 public:
  DataParallel(StageContext& context, const std::vector<std::vector<PieceTemplate>>& chunks);

  // Before a piece's first forward of the step: the main stream waits for its parameters.
  void before_first_forward(int chunk, std::size_t piece);
  // After a piece's last weight gradient of the step: a full bucket sets off.
  void after_last_backward(int chunk, std::size_t piece);
  // After all backwards: what was not overlapped is reduced; the main stream waits for all of it.
  void finish_gradients();
  // After the optimizer: the parameters set off.
  void gather_parameters();

  bool active() const { return replicas_ > 1; }
  bool sharded() const { return sharded_; }
  // Elements of this rank's share of the gradients.
  double shard_elements() const;

 private:
  void reduce(const Bucket& bucket, sim::StreamIndex stream);
  std::size_t gather_index(int chunk, std::size_t piece) const;

  StageContext& context_;
  int replicas_;
  bool sharded_;
  std::vector<Bucket> buckets_;  // in the order of the forward pass
  std::vector<bool> waited_;
  std::int64_t elements_ = 0;
};

}  // namespace orrery::models
