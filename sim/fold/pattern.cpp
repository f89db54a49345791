#include "sim/fold/pattern.h"

#include <algorithm>
#include <numeric>

namespace orrery::sim {
namespace {

class PatternMaker {
 public:
  PatternMaker(const Workload& full, const FlowTable& flows, const Refinement& classes)
      : full_(full), flows_(flows), classes_(classes) {}

  Pattern make() {
    map_ranks();
    map_links();
    fold_groups();
    fold_peers();
    find_families();
    add_flows();
    add_wires();
    return std::move(pattern_);
  }

 private:
  Workload& folded() { return pattern_.frame.workload; }

  void map_ranks() {
    Folded& frame = pattern_.frame;
    frame.class_of.reserve(full_.ranks());
    for (const std::uint32_t c : classes_.ranks().of) frame.class_of.add({c});
    for (const std::uint32_t first : classes_.ranks().first) {
      frame.representative.add({first});
      frame.workload.program_of.add(full_.program_of[{first}]);
    }
  }

  void map_links() {
    const Classes& links = classes_.links();
    Folded& frame = pattern_.frame;
    frame.link_multiplicity.resize(links.count(), 0);
    IdVector<LinkId, LinkId> class_of;
    class_of.reserve(links.of.size());
    for (const std::uint32_t c : links.of) {
      class_of.add({c});  // Classes::kNone is none()
      if (c != Classes::kNone) ++frame.link_multiplicity[c];
    }
    frame.link_classes = std::make_shared<LinkClasses>(class_of, links.count());
    for (const std::uint32_t first : links.first) frame.workload.links.add(full_.links[{first}]);
  }

  // Entities are numbered from the groups on, and classes by their first entity,
  // so the classes of groups come first.
  GroupId folded_group(GroupId group) const {
    return group.is_none() ? GroupId::none() : GroupId{classes_.entities().of[group.value]};
  }

  void fold_groups() {
    const Folded& frame = pattern_.frame;
    for (const std::uint32_t first : classes_.entities().first) {
      if (first >= full_.groups.size()) break;
      pattern_.first_group.add({first});
      std::vector<RankId> members;
      std::vector<bool> seen(frame.representative.size(), false);
      for (const RankId member : full_.groups[{first}].members) {
        const RankId of = frame.class_of[member];
        if (!seen[of.value]) members.push_back(of);
        seen[of.value] = true;
      }
      std::sort(members.begin(), members.end());
      folded().groups.add({std::move(members)});
    }
    for (const GroupRoleInfo& role : full_.group_roles) {
      GroupRoleInfo of_classes{.name = role.name, .group_of = {}, .crosses_pipeline = role.crosses_pipeline};
      for (const RankId rank : frame.representative) of_classes.group_of.add(folded_group(role.group_of[rank]));
      folded().group_roles.edit().push_back(std::move(of_classes));
    }
  }

  bool speaks_of_peer(RankId rank, PeerRole role) const {
    const ProgramMeets& meets = flows_.meets(rank);
    const auto sends = [role](const ProgramMeets::InRole& in) { return in.role == role; };
    return std::any_of(meets.sends.begin(), meets.sends.end(), sends) ||
           std::find(meets.receives.begin(), meets.receives.end(), role) != meets.receives.end();
  }

  void fold_peers() {
    const Folded& frame = pattern_.frame;
    const auto roles = static_cast<PeerRole>(full_.peer_roles.size());
    for (PeerRole r = 0; r < roles; ++r) {
      PeerRoleInfo of_classes{.name = full_.peer_roles[r].name, .peer_of = {}};
      for (const RankId rank : frame.representative) {
        const bool spoken_of = speaks_of_peer(rank, r);
        of_classes.peer_of.add(spoken_of ? frame.class_of[full_.peer_roles[r].peer_of[rank]] : RankId::none());
      }
      folded().peer_roles.edit().push_back(std::move(of_classes));
    }
  }

  void find_families() {
    const std::size_t roles = full_.group_roles.size();
    std::vector<std::uint32_t>& family_of = pattern_.family_of_role;
    family_of.resize(roles);
    std::iota(family_of.begin(), family_of.end(), 0u);
    IdVector<GroupId, std::uint32_t> role_of(full_.groups.size(), UINT32_MAX);
    for (std::uint32_t role = 0; role < roles; ++role) {
      for (const GroupId group : full_.group_roles[role].group_of) {
        if (group.is_none()) continue;
        std::uint32_t& first = role_of[group];
        if (first == UINT32_MAX) first = role;
        const std::uint32_t mine = family_of[role], theirs = family_of[first];
        if (mine != theirs)
          std::replace(family_of.begin(), family_of.end(), std::max(mine, theirs), std::min(mine, theirs));
      }
    }
    for (const GroupId group : pattern_.first_group) {
      const std::uint32_t role = role_of[group];
      pattern_.family_of_group.add(role == UINT32_MAX ? 0 : family_of[role]);
    }
  }

  // A rank that stands for its class has the first entities of the classes of its sends and copies: they follow each
  // other, as its entities do.
  void add_flows() {
    for (const GroupId group : pattern_.first_group) pattern_.flows.push_back({full_.groups[group].members, {}});
    for (const RankId rank : pattern_.frame.representative) {
      pattern_.first_flow.add(static_cast<std::uint32_t>(pattern_.flows.size()));
      for (const ProgramMeets::InRole& in : flows_.meets(rank).sends)
        pattern_.flows.push_back({{rank, full_.peer_roles[in.role].peer_of[rank]}, {}});
      if (!flows_.meets(rank).copies.empty()) pattern_.flows.push_back({{rank}, {}});
    }
    for (std::size_t f = 0; f < pattern_.flows.size(); ++f) {
      const std::uint32_t first = classes_.entities().first[f];
      for (std::uint32_t w = flows_.first_wire(first); w < flows_.first_wire(first + 1); ++w)
        pattern_.flows[f].wires.push_back({LinkUses(flows_.uses(w).begin(), flows_.uses(w).end()), nullptr});
    }
  }

  // Connections on one link of a class (its first), over all wires of a wire class.
  void add_wires() {
    std::vector<std::vector<LinkUses>> sums;
    for (const Pattern::Flow& flow : pattern_.flows) sums.emplace_back(flow.wires.size());
    const Classes& entities = classes_.entities();
    const Classes& links = classes_.links();
    std::vector<bool> is_first(full_.links.size(), false);  // of its class
    for (const std::uint32_t link : links.first) is_first[link] = true;
    for (std::uint32_t e = 0; e < flows_.entities(); ++e) {
      const std::uint32_t of = entities.of[e];
      if (of == Classes::kNone) continue;
      for (std::uint32_t w = flows_.first_wire(e); w < flows_.first_wire(e + 1); ++w)
        for (const LinkUse& use : flows_.uses(w))
          if (is_first[use.link.value])
            sums[of][w - flows_.first_wire(e)].push_back({{links.of[use.link.value]}, use.connections});
    }
    for (std::size_t f = 0; f < sums.size(); ++f)
      for (std::size_t w = 0; w < sums[f].size(); ++w)
        pattern_.flows[f].wires[w].folded = std::make_shared<const LinkUses>(merged(std::move(sums[f][w])));
  }

  static LinkUses merged(LinkUses uses) {
    std::sort(uses.begin(), uses.end(), [](const LinkUse& a, const LinkUse& b) { return a.link < b.link; });
    LinkUses merged;
    for (const LinkUse& use : uses) {
      if (merged.empty() || merged.back().link != use.link)
        merged.push_back(use);
      else
        merged.back().connections += use.connections;
    }
    return merged;
  }

  const Workload& full_;
  const FlowTable& flows_;
  const Refinement& classes_;
  Pattern pattern_;
};

}  // namespace

Pattern pattern_of(const Workload& workload, const FlowTable& flows, const Refinement& classes) {
  return PatternMaker(workload, flows, classes).make();
}

}  // namespace orrery::sim
