#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace orrery::gui {

// For HashIndex, which wants its bits well mixed at both ends.
inline std::uint64_t mix(std::uint64_t h) {
  h = (h ^ (h >> 32)) * 0x9E3779B97F4A7C15ull;
  return h ^ (h >> 29);
}
inline std::uint64_t hash_text(std::string_view text) {
  return mix(std::hash<std::string_view>()(text));
}

}  // namespace orrery::gui
