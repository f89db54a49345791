#pragma once

#include <vector>

#include "models/compile/data_parallel/data_parallel.h"

namespace orrery::models {

// Parameters that a rank holds a share of, and gathers unit by unit as the work
// comes to them: ZeRO 3 and FSDP. A unit is a piece of the model (FSDP's usual
// wrapping: one a transformer layer, one for each end); ends that share a table
// are one unit, which stays from one to the other. Experts have replicas of their own, so a
// layer with experts has two parts, gathered and reduced one behind the other; where each
// rank has its experts to itself, that part is whole already (FSDP still casts it).
//
// The work of a step is a list of uses. A use gathers its unit if nobody has kept
// it, and drops it behind itself unless it is wanted again (Sharding::Keep). With
// overlap.parameters the gather of the next use runs under the present one; it
// begins once the use before that is over, so two units are there at a time.
class GatheredUnits : public DataParallel {
 public:
  GatheredUnits(StageContext& context, const Chunks& chunks);

  void hold_buffers() override;
  void before_piece(const PieceTurn& turn) override;
  void after_piece(const PieceTurn& turn) override;
  bool is_alike() const override { return false; }
  void finish_gradients() override;
  void gather_parameters() override {}  // the next use does

 private:
  static constexpr std::uint32_t kNoBuffer = UINT32_MAX;
  static constexpr std::size_t kNoUnit = SIZE_MAX;  // of the loss
  // Parameters that the same ranks hold.
  struct Part {
    const Replicas* replicas = nullptr;
    std::int64_t elements = 0;
    Bytes wire;      // on their way
    Bytes gathered;  // as kept for use, with casts
  };
  struct Unit {
    std::vector<Part> parts;
    bool of_ends = false;      // both ends of the model
    bool holds_casts = false;  // made of what was gathered
    std::uint32_t parameters = kNoBuffer;
    std::uint32_t gradients = kNoBuffer;
    sim::OpRef gather;

    std::int64_t elements() const;
  };
  struct Use {
    std::size_t unit = 0;
    bool backward = false;  // the last of a micro-batch
    bool gathers = false;
    bool drops = false;
  };

  void list_units(const Chunks& chunks);
  void add(const PieceTemplate& piece, Unit& unit) const;
  void add(const PieceTemplate& piece, std::int64_t parameters, const Replicas& replicas, Unit& unit) const;
  void list_uses();
  void list_uses(const Action& pass);
  void plan_uses();
  bool wanted_again(std::size_t use, bool last_of_step) const;
  std::size_t unit_of(int chunk, std::size_t piece) const { return unit_of_[static_cast<std::size_t>(chunk)][piece]; }

  void issue_up_to(std::size_t use);
  void issue_gather(const Use& use);
  sim::OpRef bring_share(const Unit& unit);
  std::int64_t elements_received(const Unit& unit) const;
  void receive(Unit& unit);
  void hold_gradients(Unit& unit);
  void reduce(Unit& unit);
  void finish_reduction();
  void allocate(std::uint32_t& held, Bytes bytes, MemoryCause cause, std::string_view label);
  void free(std::uint32_t& held);

  std::vector<Unit> units_;
  std::vector<std::vector<std::size_t>> unit_of_;  // by chunk and piece
  std::vector<Use> uses_;
  std::size_t next_use_ = 0, issued_ = 0;
  sim::OpRef reduction_;                // in progress
  std::uint32_t reducing_ = kNoBuffer;  // its buffer
};

}  // namespace orrery::models
