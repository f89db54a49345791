#pragma once

#include "validate/cuda/kernels/simt.h"

namespace orrery::validate::cuda {

ORRERY_KERNEL inline void delay(std::uint64_t ns) {
  const std::uint64_t start = nanoseconds();
  while (nanoseconds() - start < ns) {
  }
}

ORRERY_KERNEL inline void mark_time(std::uint64_t* slot) {
  *slot = nanoseconds();
}

ORRERY_KERNEL inline void hold_until(const std::uint64_t* slot, std::uint64_t ns) {
  while (nanoseconds() - *slot < ns) {
  }
}

}  // namespace orrery::validate::cuda
