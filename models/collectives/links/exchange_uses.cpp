#include "models/collectives/links/exchange_uses.h"

#include <algorithm>
#include <map>
#include <optional>

namespace orrery::models {
namespace {

using Members = Domains::Members;

bool are_alike(const Communicator& c) {
  return std::all_of(c.domains.begin(), c.domains.end(),
                     [&](Members members) { return static_cast<int>(members.size()) == c.ranks_per_domain; });
}

// Ranks elsewhere that are reached over member `m` of a domain.
std::uint32_t relayed_by(const Communicator& c, std::size_t domain, std::size_t m, bool alike) {
  if (alike) return static_cast<std::uint32_t>(c.domains.size() - 1);
  std::uint32_t relayed = 0;
  for (std::size_t other = 0; other < c.domains.size(); ++other)
    if (other != domain)
      relayed += turns(0, static_cast<int>(c.domains[other].size()), static_cast<int>(m),
                       static_cast<int>(c.domains[domain].size()));
  return relayed;
}

// Inside a node: every pair, and what goes out by a neighbour's rail.
void add_inside(LinkCounter& links, const Communicator& c, std::size_t domain, bool alike) {
  const Members members = c.domains[domain];
  for (std::size_t relay = 0; relay < members.size(); ++relay) {
    const std::uint32_t relayed = relayed_by(c, domain, relay, alike);
    for (std::size_t source = 0; source < members.size(); ++source)
      if (source != relay) links.add(members[source], members[relay], 1 + relayed);
  }
}

void add_from(LinkCounter& links, const Communicator& c, std::size_t domain) {
  const Members from = c.domains[domain];
  for (std::size_t other = 0; other < c.domains.size(); ++other)
    for (std::size_t j = 0; other != domain && j < c.domains[other].size(); ++j)
      links.add(from[j % from.size()], c.domains[other][j], static_cast<std::uint32_t>(from.size()));
}

// Ranks of one rail that hang on one switch.
struct Leaf {
  RankId any;
  std::uint32_t ranks = 0;
};

// The leaves of rail `j`; nothing where a switch does not decide the ways between.
std::optional<std::vector<Leaf>> leaves_of_rail(const topology::Fabric& fabric, const Communicator& c, std::size_t j) {
  std::map<std::uint32_t, Leaf> leaves;
  for (const Members members : c.domains) {
    const std::optional<std::uint32_t> leaf = fabric.leaf_of(members[j]);
    if (!leaf) return std::nullopt;
    Leaf& found = leaves.try_emplace(*leaf, Leaf{members[j]}).first->second;
    ++found.ranks;
  }
  std::vector<Leaf> list;
  for (const auto& [number, leaf] : leaves) list.push_back(leaf);
  return list;
}

bool is_above_nics(const topology::Fabric& fabric, LinkId link) {
  return fabric.links()[link].kind == topology::LinkKind::spine;
}

// What a rank's own links carry to all others of its rail and from them, and once a pair of leaves what is between
// these.
void add_rail(LinkCounter& links, const Communicator& c, std::size_t j, const std::vector<Leaf>& leaves) {
  const topology::Fabric& fabric = links.fabric();
  const auto width = static_cast<std::uint32_t>(c.ranks_per_domain);
  std::vector<LinkId> route;
  const auto add = [&](RankId from, RankId to, bool above, std::uint32_t connections) {
    route.clear();
    fabric.route(from, to, route);
    for (const LinkId link : route)
      if (is_above_nics(fabric, link) == above) links.add(link, connections);
  };
  const std::size_t k = c.domains.size();
  for (std::size_t d = 0; d < k; ++d)
    add(c.domains[d][j], c.domains[(d + 1) % k][j], false, width * static_cast<std::uint32_t>(k - 1));
  for (const Leaf& from : leaves)
    for (const Leaf& to : leaves)
      if (from.any != to.any) add(from.any, to.any, true, width * from.ranks * to.ranks);
}

// A pair of leaves for all pairs of their ranks; false where that is not how the fabric is.
bool add_by_leaves(LinkCounter& links, const Communicator& c) {
  std::vector<std::vector<Leaf>> rails;
  for (std::size_t j = 0; j < static_cast<std::size_t>(c.ranks_per_domain); ++j) {
    std::optional<std::vector<Leaf>> leaves = leaves_of_rail(links.fabric(), c, j);
    if (!leaves) return false;
    rails.push_back(std::move(*leaves));
  }
  for (std::size_t j = 0; j < rails.size(); ++j) add_rail(links, c, j, rails[j]);
  return true;
}

}  // namespace

std::uint32_t turns(int first, int last, int m, int n) {
  const auto below = [&](int c) { return c / n + (c % n > m ? 1 : 0); };
  return static_cast<std::uint32_t>(below(last) - below(first));
}

void add_exchange(LinkCounter& links, const Communicator& c) {
  const bool alike = are_alike(c);
  for (std::size_t d = 0; d < c.domains.size(); ++d) add_inside(links, c, d, alike);
  if (c.domains.size() < 2 || (alike && add_by_leaves(links, c))) return;
  for (std::size_t d = 0; d < c.domains.size(); ++d) add_from(links, c, d);
}

}  // namespace orrery::models
