#include "topology/listed.h"

#include <numeric>

namespace orrery::topology {
namespace {

constexpr std::size_t kMostFaults = 20;

// Sets of ends that links join.
class Joined {
 public:
  explicit Joined(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }

  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

std::string ListedFabric::name(const ListedEnd& end) const {
  return end.is_switch ? switches[end.index] : nodes[end.index] + "/nic" + std::to_string(end.nic);
}

bool operator==(const ListedFabric& a, const ListedFabric& b) {
  const auto same = [](const ListedLink& x, const ListedLink& y) {
    return x.a == y.a && x.b == y.b && x.rate == y.rate && x.latency == y.latency && x.wires == y.wires;
  };
  return a.nodes == b.nodes && a.switches == b.switches && a.nics == b.nics &&
         std::equal(a.links.begin(), a.links.end(), b.links.begin(), b.links.end(), same);
}

Errors check_listed(const ListedFabric& fabric, const Where& file) {
  Errors errors;
  const std::size_t nics = fabric.nodes.size() * static_cast<std::size_t>(fabric.nics);
  const auto number = [&](const ListedEnd& end) {
    return end.is_switch ? nics + end.index : end.index * static_cast<std::size_t>(fabric.nics) + end.nic;
  };
  const auto nic_at = [&](std::size_t i) {
    const auto per_node = static_cast<std::size_t>(fabric.nics);
    return ListedEnd{false, static_cast<std::uint32_t>(i / per_node), static_cast<std::uint32_t>(i % per_node)};
  };
  Joined joined(nics + fabric.switches.size());
  std::vector<const ListedLink*> link_of(nics, nullptr);
  for (const ListedLink& link : fabric.links) {
    if (errors.size() >= kMostFaults) return errors;
    if (link.a == link.b) {
      errors.push_back({link.where, "a link from '" + fabric.name(link.a) + "' to itself"});
      continue;
    }
    for (const ListedEnd& end : {link.a, link.b}) {
      if (end.is_switch) continue;
      const ListedLink*& known = link_of[number(end)];
      if (known)
        errors.push_back({link.where, "a second link of '" + fabric.name(end) + "'; the first is in line " +
                                          std::to_string(known->where.line) + ". A NIC of two ports is two NICs"});
      known = &link;
    }
    joined.join(number(link.a), number(link.b));
  }
  for (std::size_t i = 0; i < nics && errors.size() < kMostFaults; ++i)
    if (!link_of[i]) errors.push_back({file, "'" + fabric.name(nic_at(i)) + "' hangs on nothing"});
  if (!errors.empty()) return errors;
  for (std::size_t i = 1; i < nics; ++i)
    if (joined.find(i) != joined.find(0))
      return {{file, "no path from '" + fabric.name(nic_at(0)) + "' to '" + fabric.name(nic_at(i)) + "'"}};
  return {};
}

}  // namespace orrery::topology
