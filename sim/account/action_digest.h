#pragma once

#include <cstdint>

#include "sim/base/digest.h"
#include "sim/base/duration.h"
#include "sim/program.h"

namespace orrery::sim {

// What an action marker is, in a word.
inline std::uint64_t word_of(const Marker& marker) {
  const auto what =
      static_cast<std::uint64_t>(marker.kind) << 24 | static_cast<std::uint64_t>(marker.action) << 16 | marker.chunk;
  return what << 32 | marker.micro_batch;
}

// The digest of a rank that has come to an action marker at `when`.
inline Digest with_action(Digest digest, std::uint64_t word, std::uint32_t step, Time when) {
  return digest.add(word).add(step).add(static_cast<std::uint64_t>(when.count_ps()));
}

}  // namespace orrery::sim
