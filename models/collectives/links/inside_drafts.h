#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sim/base/digest.h"
#include "sim/fold/planner.h"
#include "topology/fabric.h"

namespace orrery::models {

// Drafts of groups inside one NVLink domain. Clusters have thousands of them that differ
// in nothing but the domain, so those of one are those of the next with their links moved.
class InsideDrafts {
 public:
  explicit InsideDrafts(const topology::Fabric& fabric) : fabric_(fabric), stride_(fabric.links_a_domain()) {}

  struct Known {
    std::span<const sim::Draft> drafts;
    Digest likeness;  // of their ranks (sim::DraftingPlanner)
  };

  // Those of a group at the same places of its domain with the same wishes, moved to
  // `ranks`: valid until the next call. Nothing if there was none, or the links there
  // are others.
  std::optional<Known> find(std::span<const RankId> ranks, std::span<const sim::Wanted> wanted);

  // Keeps what was drafted for `ranks`, if they are inside one domain and all is small.
  void keep(std::span<const RankId> ranks, std::span<const sim::Wanted> wanted, const Known& drafted);

 private:
  struct Pattern {
    std::vector<RankId> ranks;
    std::vector<sim::Wanted> wanted;
    std::vector<sim::LinkUses> uses;        // each once
    std::vector<sim::Draft::Phase> phases;  // their uses lie in `uses`
    std::vector<sim::Draft> drafts;
    Digest likeness;
  };
  bool is_inside(std::span<const RankId> ranks) const;
  bool matches(const Pattern& pattern, std::span<const RankId> ranks, std::span<const sim::Wanted> wanted) const;
  bool move(Pattern& pattern, RankId first) const;

  const topology::Fabric& fabric_;
  std::uint32_t stride_;
  std::vector<Pattern> patterns_;
};

}  // namespace orrery::models
