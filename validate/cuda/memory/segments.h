#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "models/memory/segment_source.h"
#include "validate/cuda/faults.h"

namespace orrery::validate::cuda {

// Segments of one rank's allocator, each from cudaMalloc. One that kernels may use still is given back when all that
// was enqueued is over, as PyTorch does.
class Segments final : public models::SegmentSource {
 public:
  // `end_of_all` waits for what was enqueued, and says whether that has ended.
  Segments(Faults& faults, std::function<bool()> end_of_all) : faults_(faults), end_of_all_(std::move(end_of_all)) {}
  ~Segments() override;
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;

  bool take(std::int64_t address, Bytes size) override;
  void give_back(std::int64_t address) override;

 private:
  Faults& faults_;
  std::function<bool()> end_of_all_;
  std::map<std::int64_t, void*> held_;
};

}  // namespace orrery::validate::cuda
