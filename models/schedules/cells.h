#pragma once

#include <cstddef>

#include "models/schedules/schedule.h"

namespace orrery::models {

// A number for every virtual stage and micro-batch of a schedule.
class Cells {
 public:
  explicit Cells(const ScheduleRequest& request)
      : stages_(static_cast<std::size_t>(request.ranks * request.chunks)),
        micro_batches_(static_cast<std::size_t>(request.micro_batches)) {}

  std::size_t size() const { return stages_ * micro_batches_; }
  std::size_t of(int stage, int micro_batch) const {
    return static_cast<std::size_t>(stage) * micro_batches_ + static_cast<std::size_t>(micro_batch);
  }

 private:
  std::size_t stages_, micro_batches_;
};

}  // namespace orrery::models
