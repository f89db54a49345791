#include "sim/list_repeats.h"

#include <functional>
#include <string_view>
#include <utility>

namespace orrery::sim {

// As a compressor finds them: of what begins as something before, as much as goes on like that.
ListRepeats::ListRepeats(std::span<const std::byte> bytes, std::size_t item) {
  constexpr std::size_t kShortest = 8;  // items: fewer are as soon looked at
  constexpr std::size_t kPlaces = 1024;
  const std::size_t items = bytes.size() / item;
  const auto text = [&](std::size_t first, std::size_t count) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + first * item, count * item);
  };
  std::vector<std::size_t> began(kPlaces, items);  // where, by a hash of the first few items
  for (std::size_t first = 0; first + kShortest <= items;) {
    const std::size_t place = std::hash<std::string_view>{}(text(first, kShortest)) % kPlaces;
    const std::size_t like = std::exchange(began[place], first);
    std::size_t count = 0;
    while (like < first && first + count < items && text(like + count, 1) == text(first + count, 1)) ++count;
    if (count >= kShortest) stretches_.push_back({first, count, like});
    first += count >= kShortest ? count : 1;
  }
}

}  // namespace orrery::sim
