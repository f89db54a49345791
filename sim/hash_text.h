#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "sim/base/digest.h"

namespace orrery::sim {

// For HashIndex: of short texts, eight bytes at a time. Differs between machines of
// different byte order, so nothing that is shown or stored may hang on it.
inline std::uint64_t hash_text(std::string_view text) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ull;
  std::uint64_t hash = text.size() * kOdd;
  const auto add = [&](std::uint64_t word) {
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 32;
  };
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), sizeof word);
    add(word);
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  for (const char c : text) rest = rest << 8 | static_cast<unsigned char>(c);
  add(rest);
  return Digest::mix(hash);
}

}  // namespace orrery::sim
