#pragma once

#include <cstdint>

#include "sim/base/amount.h"

namespace orrery::models {

// A driver that an allocator has its memory from: whole segments, or pages behind those of an expandable one.
class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  // False where it has not so much. `address` is the allocator's own name for what it is given.
  virtual bool take(std::int64_t address, Bytes size) = 0;
  // A segment, whole. Work that was handed over before may use it still.
  virtual void give_back(std::int64_t address) = 0;
};

}  // namespace orrery::models
