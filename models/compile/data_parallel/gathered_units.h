#pragma once

#include <vector>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/data_parallel/parameter_units.h"

namespace orrery::models {

// Parameters that a rank holds a share of: ZeRO 3 and FSDP. They are gathered unit by unit
// (ParameterUnits), and their gradients reduced likewise, as their backward pass makes them.
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

  void hold_gradients(std::size_t unit);
  void reduce(std::size_t unit);
  void finish_reduction();
  void allocate(std::uint32_t& held, Bytes bytes, MemoryCause cause, std::string_view label);
  void free(std::uint32_t& held);

  ParameterUnits units_;
  std::vector<std::uint32_t> gradients_;  // whole ones, by unit
  sim::OpRef reduction_;                  // in progress
  std::uint32_t reducing_ = kNoBuffer;    // its buffer
};

}  // namespace orrery::models
