#pragma once

#include <map>
#include <vector>

#include "models/compile/data_parallel/data_parallel.h"

namespace orrery::models {

// Parameters that are not on the GPU all the time, and come unit by unit as the work comes to
// them: gathered from the shares of others (ZeRO 3 and FSDP), copied from the host where this
// rank's part rests (layout.offload), or one behind the other. A unit is a piece of the model
// (FSDP's usual wrapping: one a transformer layer, one for each end); ends that share a table
// are one unit, which stays from one to the other. Experts have replicas of their own, so a
// layer with experts has two parts, one behind the other; where each rank has its experts to
// itself, nobody gathers that part (FSDP still casts it).
//
// The work of a step is a list of uses. A use brings its unit if nobody has kept
// it, and drops it behind itself unless it is wanted again (Sharding::Keep). With
// overlap.parameters the next use's unit comes under the present one; it
// sets off once the use before that is over, so two units are there at a time.
class ParameterUnits {
 public:
  static constexpr std::size_t kNoUnit = SIZE_MAX;  // of the loss

  // Parameters that the same ranks hold.
  struct Part {
    const Replicas* replicas = nullptr;
    std::int64_t elements = 0;
    Bytes wire;  // to be gathered
    Bytes held;  // while in use, with casts; none of what is here all the time
  };
  struct Unit {
    std::vector<Part> parts;
    bool of_ends = false;      // both ends of the model
    bool holds_casts = false;  // made of what came
    std::uint32_t buffer = UINT32_MAX;
    sim::OpRef arrival;
    sim::OpRef rest;  // in the step before: what was updated is where it rests

    std::int64_t elements() const;
  };

  // `dense`, by tensor-parallel degree, and `experts` outlive this.
  ParameterUnits(StageContext& context, const Chunks& chunks, const std::map<int, Replicas>& dense,
                 const Replicas& experts);

  std::size_t count() const { return units_.size(); }
  const Unit& unit(std::size_t i) const { return units_[i]; }
  std::size_t unit_of(const PieceTurn& turn) const {
    return unit_of_[static_cast<std::size_t>(turn.chunk)][turn.piece];
  }

  // The first time in a step the unit does not come before that, of the step before; if told several, before the last.
  void come_behind(const PieceTurn& turn, sim::OpRef rest);
  // The unit is there, and the next one on its way.
  void before_piece(const PieceTurn& turn);
  // The unit is dropped, unless it is wanted again.
  void after_piece(const PieceTurn& turn);

 private:
  struct Use {
    std::size_t unit = 0;
    bool backward = false;  // the last of a micro-batch
    bool brings = false;
    bool drops = false;
  };

  bool is_use(const PieceTurn& turn) const;
  void list_units(const Chunks& chunks, const std::map<int, Replicas>& dense, const Replicas& experts);
  void add(const PieceTemplate& piece, std::int64_t parameters, const Replicas& replicas, Unit& unit) const;
  void list_uses();
  void list_uses(const Action& pass);
  void plan_uses();
  bool wanted_again(std::size_t use, bool last_of_step) const;

  void issue_up_to(std::size_t use);
  void bring(const Use& use);
  sim::OpRef copy_in(Unit& unit);
  void receive(Unit& unit);
  void unpack(const Unit& unit);

  StageContext& context_;
  const Sharding sharding_;
  const Place rest_;  // of this rank's part
  std::vector<Unit> units_;
  std::vector<std::vector<std::size_t>> unit_of_;  // by chunk and piece
  std::vector<Use> uses_;
  std::size_t next_use_ = 0, issued_ = 0;
};

}  // namespace orrery::models
