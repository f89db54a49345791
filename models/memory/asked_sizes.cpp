#include "models/memory/asked_sizes.h"

#include <algorithm>
#include <span>

namespace orrery::models {
namespace {

// Sizes by numbers, each as it is met first.
class Resized {
 public:
  explicit Resized(std::size_t count) : sizes_(count, kUnmet) {}

  // Whether that number is of that size.
  bool meet(std::uint32_t number, Bytes size) {
    Bytes& met = sizes_[number];
    if (met == size) return true;
    if (met != kUnmet) return false;
    met = size;
    return true;
  }
  std::vector<Bytes> take() && { return std::move(sizes_); }

 private:
  static constexpr Bytes kUnmet{-1};
  std::vector<Bytes> sizes_;
};

}  // namespace

AskedSizes::AskedSizes(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors)
    : repeats_(std::span(program.buffers)) {
  buffers_.reserve(program.buffers.size());
  for (const sim::Buffer& buffer : program.buffers) {
    const std::uint32_t what = buffer.parts == 0 ? 2 * number(buffer.bytes) : 2u * buffer.parts + 1;
    buffers_.push_back(2 * what + (is_activation(buffer) ? 1 : 0));
  }
  for (const std::vector<Bytes>& list : tensors) {
    std::vector<std::uint32_t>& of_list = of_lists_.emplace_back();
    for (const Bytes tensor : list) of_list.push_back(number(tensor));
  }
}

std::optional<std::vector<Bytes>> AskedSizes::resized(const sim::Program& program,
                                                      const std::vector<std::vector<Bytes>>& tensors) const {
  if (tensors.size() != of_lists_.size()) return std::nullopt;
  Resized sizes(all_.size());
  const auto are_met = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const sim::Buffer& buffer = program.buffers[i];
      if (buffer.parts == 0 && !sizes.meet(buffers_[i] / 4, buffer.bytes)) return false;
    }
    return true;
  };
  if (!repeats_.all(are_met, program.buffers.size(), std::span(program.buffers))) return std::nullopt;
  for (std::size_t list = 0; list < tensors.size(); ++list) {
    if (tensors[list].size() != of_lists_[list].size()) return std::nullopt;
    for (std::size_t i = 0; i < tensors[list].size(); ++i)
      if (!sizes.meet(of_lists_[list][i], tensors[list][i])) return std::nullopt;
  }
  return std::move(sizes).take();
}

// Sizes are few, and mostly the one that was seen last where this one would be is this one.
std::uint32_t AskedSizes::number(Bytes size) {
  std::uint32_t& recent = recent_[static_cast<std::uint64_t>(size.n) * 0x9e3779b97f4a7c15ull >> 58];
  if (recent < all_.size() && all_[recent] == size) return recent;
  const auto at = std::find(all_.begin(), all_.end(), size);
  recent = static_cast<std::uint32_t>(at - all_.begin());
  if (at == all_.end()) all_.push_back(size);
  return recent;
}

}  // namespace orrery::models
