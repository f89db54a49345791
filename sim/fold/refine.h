#pragma once

#include <cstdint>
#include <vector>

#include "sim/fold/flows.h"
#include "sim/fold/hash.h"
#include "sim/workload.h"

namespace orrery::sim {

// A set divided into classes, numbered in the order of their first members.
struct Classes {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::vector<std::uint32_t> of;     // member -> class; kNone for what takes no part
  std::vector<std::uint32_t> first;  // class -> its first member
  std::size_t count() const { return first.size(); }
};

// Equal colours, equal class; colour 0 takes no part.
Classes number_classes(const std::vector<std::uint64_t>& colours);

// Colour refinement over ranks, entities (groups, pairs, copies), wires and links.
//
// A colour is a 64-bit hash of the class before and of the multiset of the
// neighbours' classes, summed so that order does not count. Every sweep starts from
// the classes alone and hashes anew, so the last one, which splits nothing, is also
// the proof that the classes are equitable: by hashes that had no part in finding
// them. Two different things get one colour with a chance of 2^-64 a pair.
class Refinement {
 public:
  Refinement(const Workload& workload, const FlowTable& flows);

  // Until nothing splits any more. False if that takes unreasonably long, as in a
  // line of ranks where every step inwards is a class of its own.
  bool run();

  // Makes ranks differ that refinement would not tell apart; run() again afterwards.
  void split(RankId rank, std::uint64_t by);

  const Classes& ranks() const { return rank_classes_; }
  const Classes& entities() const { return entity_classes_; }  // with wires: those of one class, each at its place
  const Classes& links() const { return link_classes_; }

 private:
  bool classify();
  void recolour(std::vector<std::uint64_t>& colours, const Classes& classes);
  void sweep();
  void colour_entities();
  void colour_wires();
  void colour_links();
  void colour_ranks();
  std::uint64_t colour_of_neighbours(RankId rank) const;
  std::uint64_t hash(std::uint64_t a, std::uint64_t b) const { return hash_pair(a, b, seed_); }

  const Workload& workload_;
  const FlowTable& flows_;
  std::uint64_t seed_ = 0x9e3779b97f4a7c15ull;
  std::vector<std::uint64_t> ranks_, entities_, links_;
  std::vector<std::uint64_t> next_ranks_, load_, of_class_;  // scratch: colours to come, sums over the wires of a link
  Classes rank_classes_, entity_classes_, link_classes_;
};

}  // namespace orrery::sim
