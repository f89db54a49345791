#pragma once

#include <cstdint>
#include <vector>

#include "sim/planner.h"
#include "topology/fabric.h"

namespace orrery::models {

// Adds connections up route by route and gives them in the order of the links. A
// bitmap of the links in use stands in for sorting; both are as large as the fabric
// and serve one footprint after the other.
class LinkCounter {
 public:
  explicit LinkCounter(const topology::Fabric& fabric);
  const topology::Fabric& fabric() const { return fabric_; }

  void add(RankId from, RankId to, std::uint32_t connections);
  void add(LinkId link, std::uint32_t connections);
  // What was counted; counts from zero again.
  sim::LinkUses take();

 private:
  const topology::Fabric& fabric_;
  std::vector<LinkId> route_;
  std::vector<std::uint32_t> connections_;  // by link
  std::vector<std::uint64_t> in_use_;       // a bit a link
  std::size_t first_word_, end_word_ = 0;   // of in_use_, where any bit may be set
  std::size_t links_ = 0;
};

}  // namespace orrery::models
