#include "models/collectives/links/link_counter.h"

#include <algorithm>
#include <bit>

namespace orrery::models {

LinkCounter::LinkCounter(const topology::Fabric& fabric)
    : fabric_(fabric),
      connections_(fabric.links().size(), 0),
      in_use_(fabric.links().size() / 64 + 1, 0),
      first_word_(in_use_.size()) {}

void LinkCounter::add(RankId from, RankId to, std::uint32_t connections) {
  if (connections == 0 || from == to) return;
  // Hashed, every flow of every connection goes its own way; else they are alike.
  const std::uint32_t ways = fabric_.hashed() ? connections * static_cast<std::uint32_t>(fabric_.paths()) : 1;
  for (std::uint32_t path = 0; path < ways; ++path) {
    route_.clear();
    fabric_.route(from, to, route_, path);
    for (const LinkId link : route_) add(link, fabric_.hashed() ? 1 : connections);
  }
}

void LinkCounter::add(LinkId link, std::uint32_t connections) {
  std::uint32_t& sum = connections_[link.value];
  sum += connections;
  if (sum != connections) return;
  const std::size_t word = link.value / 64;
  in_use_[word] |= std::uint64_t{1} << link.value % 64;
  first_word_ = std::min(first_word_, word);
  end_word_ = std::max(end_word_, word + 1);
  ++links_;
}

sim::LinkUses LinkCounter::take() {
  sim::LinkUses uses;
  uses.reserve(links_);
  for (std::size_t word = first_word_; word < end_word_; ++word) {
    for (std::uint64_t left = in_use_[word]; left != 0; left &= left - 1) {
      const auto link = static_cast<std::uint32_t>(64 * word + static_cast<std::size_t>(std::countr_zero(left)));
      uses.push_back({{link}, connections_[link]});
      connections_[link] = 0;
    }
    in_use_[word] = 0;
  }
  first_word_ = in_use_.size();
  end_word_ = links_ = 0;
  return uses;
}

}  // namespace orrery::models
