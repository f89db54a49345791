#include "sim/fold/refine.h"

#include "sim/base/digest.h"

namespace orrery::sim {

namespace {

// Beyond this a workload is no cluster that anyone draws, and folding would cost
// more than it saves: effects cross a cluster in a few rounds, a pipeline in one
// round a stage.
constexpr int kMostRounds = 300;

}  // namespace

Classes number_classes(const std::vector<std::uint64_t>& colours) {
  Classes classes;
  classes.of.resize(colours.size(), Classes::kNone);
  // Grows with the classes, not with the members: a table of few colours stays in cache.
  std::vector<std::uint32_t> table(64, Classes::kNone);
  const auto slot_of = [&](std::uint64_t colour) {
    std::size_t slot = colour & (table.size() - 1);
    while (table[slot] != Classes::kNone && colours[classes.first[table[slot]]] != colour)
      slot = (slot + 1) & (table.size() - 1);
    return slot;
  };
  for (std::uint32_t i = 0; i < colours.size(); ++i) {
    if (colours[i] == 0) continue;
    if (i >= 2 && colours[i] == colours[i - 2]) {  // two directions stand side by side
      classes.of[i] = classes.of[i - 2];
      continue;
    }
    const std::size_t slot = slot_of(colours[i]);
    if (table[slot] != Classes::kNone) {
      classes.of[i] = table[slot];
      continue;
    }
    table[slot] = classes.of[i] = static_cast<std::uint32_t>(classes.count());
    classes.first.push_back(i);
    if (2 * classes.count() < table.size()) continue;
    table.assign(4 * table.size(), Classes::kNone);
    for (std::uint32_t c = 0; c < classes.count(); ++c) table[slot_of(colours[classes.first[c]])] = c;
  }
  return classes;
}

Refinement::Refinement(const Workload& workload, const FlowTable& flows) : workload_(workload), flows_(flows) {
  ranks_.reserve(workload.ranks());
  for (const ProgramId program : workload.program_of) ranks_.push_back(hash(program.value, 1) | 1);
  entities_.reserve(flows.entities());
  for (std::uint32_t e = 0; e < flows.entities(); ++e) entities_.push_back(flows.signature(e));
  load_.resize(workload.links.size(), 0);
  links_.reserve(workload.links.size());
  for (const Link& link : workload.links)
    links_.push_back(hash(static_cast<std::uint64_t>(link.capacity.n), link.kind) | 1);
}

bool Refinement::run() {
  sweep();
  classify();
  for (int round = 1; round < kMostRounds; ++round) {
    seed_ = Digest::mix(seed_);
    recolour(ranks_, rank_classes_);
    recolour(entities_, entity_classes_);
    recolour(links_, link_classes_);
    sweep();
    if (!classify()) return true;
  }
  return false;
}

// Makes classes of the colours; whether they are others than before.
bool Refinement::classify() {
  bool changed = false;
  const auto update = [&changed](Classes& classes, const std::vector<std::uint64_t>& colours) {
    Classes now = number_classes(colours);
    changed |= now.of != classes.of;
    classes = std::move(now);
  };
  update(rank_classes_, ranks_);
  update(entity_classes_, entities_);
  update(link_classes_, links_);
  return changed;
}

// Members of a class get one colour, that no one has seen.
void Refinement::recolour(std::vector<std::uint64_t>& colours, const Classes& classes) {
  of_class_.resize(classes.count());
  for (std::size_t c = 0; c < classes.count(); ++c) of_class_[c] = Digest::mix(c + seed_) | 1;
  for (std::size_t i = 0; i < colours.size(); ++i) {
    if (classes.of[i] != Classes::kNone) colours[i] = of_class_[classes.of[i]];
  }
}

void Refinement::split(RankId rank, std::uint64_t by) {
  ranks_[rank.value] = Digest::mix(ranks_[rank.value] + Digest::mix(by + 1)) | 1;
}

// Each part sees the newest colours of the one before it, so a difference
// travels from a rank over its groups and links to other ranks in one sweep or two.
void Refinement::sweep() {
  colour_entities();
  colour_wires();
  colour_links();
  colour_ranks();
}

void Refinement::colour_entities() {
  for (std::uint32_t g = 0; g < workload_.groups.size(); ++g) {
    if (flows_.unused(g)) continue;
    std::uint64_t members = 0;
    for (const RankId member : workload_.groups[{g}].members) members += hash(ranks_[member.value], 2);
    entities_[g] = hash(entities_[g], members) | 1;
  }
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
    std::uint32_t entity = flows_.first_entity({r});
    const ProgramMeets& meets = flows_.meets({r});
    for (const ProgramMeets::InRole& in : meets.sends) {
      const RankId peer = workload_.peer_roles[in.role].peer_of[RankId{r}];
      entities_[entity] = hash(entities_[entity], hash(ranks_[r], in.role) + hash(ranks_[peer.value], 3)) | 1;
      ++entity;
    }
    if (!meets.copies.empty()) entities_[entity] = hash(entities_[entity], ranks_[r]) | 1;
  }
}

// A wire's colour is its entity's with the links it loads; links collect those of
// the wires that load them. Mostly all links of a wire carry equally many connections.
void Refinement::colour_wires() {
  for (std::uint32_t e = 0; e < flows_.entities(); ++e) {
    const std::uint64_t own = entities_[e];
    std::uint64_t all = 0;
    for (std::uint32_t w = flows_.first_wire(e); w < flows_.first_wire(e + 1); ++w) {
      const std::span<const LinkUse> uses = flows_.uses(w);
      std::uint64_t sum = 0, factor = 0;
      std::uint32_t connections = 0;
      for (const LinkUse& use : uses) {
        if (use.connections != connections) factor = hash(connections = use.connections, 4) | 1;
        sum += links_[use.link.value] * factor;
      }
      const std::uint64_t wire = hash(own + w - flows_.first_wire(e), sum);
      std::uint64_t share = 0;
      connections = 0;
      for (const LinkUse& use : uses) {
        if (use.connections != connections) share = hash(wire, connections = use.connections);
        load_[use.link.value] += share;
      }
      all = hash(all, wire);
    }
    if (flows_.first_wire(e) < flows_.first_wire(e + 1)) entities_[e] = hash(own, all) | 1;
  }
}

// A link that no wire loads takes no part.
void Refinement::colour_links() {
  for (std::size_t l = 0; l < links_.size(); ++l) {
    links_[l] = load_[l] == 0 ? 0 : hash(links_[l], load_[l]) | 1;
    load_[l] = 0;
  }
}

void Refinement::colour_ranks() {
  next_ranks_.resize(ranks_.size());
  for (std::uint32_t r = 0; r < ranks_.size(); ++r) next_ranks_[r] = hash(ranks_[r], colour_of_neighbours({r})) | 1;
  ranks_.swap(next_ranks_);
}

// Roles have names, so they are hashed in their order.
std::uint64_t Refinement::colour_of_neighbours(RankId rank) const {
  const ProgramMeets& meets = flows_.meets(rank);
  std::uint64_t sum = 0;
  for (const ProgramMeets::InRole& in : meets.collectives) {
    sum = hash(sum, entities_[workload_.group_roles[in.role].group_of[rank].value]);
  }
  for (const PeerRole role : meets.receives) sum = hash(sum, ranks_[workload_.peer_roles[role].peer_of[rank].value]);
  // Its sends and copies, which know the other side.
  const std::size_t own = meets.sends.size() + (meets.copies.empty() ? 0 : 1);
  for (std::size_t i = 0; i < own; ++i) sum = hash(sum, entities_[flows_.first_entity(rank) + i]);
  return sum;
}

}  // namespace orrery::sim
