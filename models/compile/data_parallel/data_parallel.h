#pragma once

#include <map>
#include <memory>
#include <vector>

#include "models/compile/pieces/chunks.h"
#include "models/compile/roles.h"
#include "models/compile/stage/stage_context.h"
#include "models/layout/sharding.h"

namespace orrery::models {

// One piece in one action of the schedule.
struct PieceTurn {
  Action::Type type = Action::Type::forward;
  int chunk = 0;
  std::size_t piece = 0;   // of the chunk, in forward order
  bool completes = false;  // the last one of this step to add to the piece's weight gradients

  bool makes_weight_gradients() const {
    return type == Action::Type::backward || type == Action::Type::weight_gradient;
  }
};

// Ranks that hold the same parameters, and how they share what there is to hold.
struct Replicas {
  Sharding sharding;
  sim::GroupRole all = 0;                      // all of them
  sim::GroupRole shard = 0;                    // those that hold one copy of split states between them
  sim::GroupRole copies = role::shard_copies;  // those that hold the same share of different copies
};

// What the replicas of a shard of the model do together around a rank's work:
// gradients are summed, parameters gathered. Two kinds: whole parameters in
// buckets (DDP, ZeRO 1 and 2), and parameters that exist only as shards, gathered
// unit by unit (ZeRO 3, FSDP).
class DataParallel {
 public:
  DataParallel(StageContext& context, const Chunks& chunks);
  virtual ~DataParallel() = default;

  virtual void hold_buffers() {}  // that stay allocated
  virtual void before_piece(const PieceTurn& turn) = 0;
  virtual void after_piece(const PieceTurn& turn) = 0;
  // Whether every pass through a chunk is alike to it, but for the first and those that complete gradients;
  virtual bool is_alike() const { return true; }
  // and whether those that complete gradients are too.
  virtual bool completes_alike() const { return false; }
  // Whether there is nothing to it in any pass.
  virtual bool stays_out() const { return false; }
  // After all backwards: what was not overlapped is reduced; the main stream waits for all of it.
  virtual void finish_gradients() = 0;
  // After the optimizer: the parameters set off.
  virtual void gather_parameters() = 0;

  // Whether anything is.
  bool sharded() const;
  // Elements that this rank updates, and whose gradients it holds.
  double shard_elements() const;
  double gradient_elements() const;
  // Of shard_elements(), those that go to replicas who hold the parameters whole.
  double spread_elements() const;

 protected:
  // Sums the gradients of `elements` parameters over their replicas, on `stream`; split
  // ones leave for the host, where the optimizer is there.
  sim::OpRef reduce_gradients(sim::StreamIndex stream, std::int64_t elements, const Replicas& replicas);
  sim::OpRef gather(sim::StreamIndex stream, Bytes bytes, sim::GroupRole group);
  sim::OpRef exchange_quantized(sim::StreamIndex stream, std::int64_t elements);
  sim::OpRef sum_gradients(sim::StreamIndex stream, std::int64_t elements, const Replicas& replicas);
  std::uint32_t buffer(Bytes bytes, MemoryCause cause, std::string_view label);

  // Dense parameters have other replicas than experts, and those of a layer with a smaller
  // tensor-parallel degree have more.
  const Replicas& dense(const PieceTemplate& piece) const { return dense_.at(piece.degree); }

  StageContext& context_;
  const Sharding sharding_;              // of dense parameters at the layout's degree
  const std::map<int, Replicas> dense_;  // by tensor-parallel degree
  const Replicas experts_;
  std::map<int, std::int64_t> elements_;  // of all pieces, by degree
  std::int64_t expert_elements_ = 0;
};

std::unique_ptr<DataParallel> make_data_parallel(StageContext& context, const Chunks& chunks);

}  // namespace orrery::models
