#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/data_parallel/parameter_units.h"

namespace orrery::models {

// Parameters that travel together: whole pieces of one model chunk, filled in
// the order of the backward pass until a bucket has bucket_size elements. Experts
// have buckets of their own.
struct Bucket {
  int chunk = 0;
  std::size_t first_piece = 0;  // of the chunk, in forward order
  std::size_t last_piece = 0;
  std::int64_t elements = 0;
  Bytes gathered;  // of its parameters on their way
  const Replicas* replicas = nullptr;
  std::uint32_t gather = 0;  // which one it is of a step; to the host it goes in the same place

  bool holds(int of_chunk, std::size_t piece) const {
    return chunk == of_chunk && first_piece <= piece && piece <= last_piece;
  }
};

// Whole parameters on every rank: all-reduce of gradients (zero 0), or reduce-scatter,
// and all-gather of updated parameters (zero 1, 2), bucket by bucket, under the
// backward and the next forward pass where that is asked for. With split gradients
// (zero 2) nobody has room to add micro-batches up, so each reduces its own.
//
// Whole parameters may rest on the host (layout.offload): then they come unit by unit
// (ParameterUnits). What replicas updated is gathered and goes back bucket by bucket, two at a time
// being on the GPU: under the next forward pass, too, but for what rests on drives.
class GradientBuckets : public DataParallel {
 public:
  GradientBuckets(StageContext& context, const Chunks& chunks);

  void hold_buffers() override;
  void before_piece(const PieceTurn& turn) override;
  void after_piece(const PieceTurn& turn) override;
  bool is_alike() const override { return !units_; }
  bool completes_alike() const override;
  bool stays_out() const override;
  void finish_gradients() override;
  void gather_parameters() override;

 private:
  using Elements = std::function<std::int64_t(const PieceTemplate&)>;  // of a piece, that have these replicas
  void add_buckets(const Chunks& chunks, const Elements& elements, const Replicas& replicas);
  bool is_filled(const Bucket& bucket) const;
  bool overlaps(const Bucket& bucket) const;
  bool gathers_ahead() const;
  void await_gathers(const PieceTurn& turn);
  void await_arrivals();
  Bytes on_their_way() const;
  void gather_for_host();
  void hold_copies();
  void reduce(const Bucket& bucket, sim::StreamIndex stream);
  void hold_gradients(const PieceTurn& turn);
  void drop_gradients();
  std::vector<std::uint32_t> hold_gather_copies();

  std::vector<Bucket> buckets_;  // those that have replicas, in the order of the forward pass
  std::vector<bool> waited_;     // for its gather, in this step
  const Chunks& chunks_;
  std::optional<ParameterUnits> units_;   // where parameters rest on the host
  bool whole_;                            // keeps_whole_gradients
  std::vector<std::uint32_t> gradients_;  // then, of the micro-batch at hand
};

}  // namespace orrery::models
