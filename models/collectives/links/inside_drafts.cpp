#include "models/collectives/links/inside_drafts.h"

#include <algorithm>

namespace orrery::models {

namespace {

constexpr std::size_t kMostPatterns = 16;  // as many as are worth looking through

}  // namespace

bool InsideDrafts::is_inside(std::span<const RankId> ranks) const {
  return std::all_of(ranks.begin(), ranks.end(), [&](RankId rank) { return fabric_.same_domain(rank, ranks.front()); });
}

bool InsideDrafts::matches(const Pattern& pattern, std::span<const RankId> ranks,
                           std::span<const sim::Wanted> wanted) const {
  const std::uint32_t domain = static_cast<std::uint32_t>(fabric_.cluster().domain_gpus());
  if (pattern.ranks.size() != ranks.size() || !std::ranges::equal(pattern.wanted, wanted)) return false;
  if (fabric_.cluster().kind_of(ranks.front()) != fabric_.cluster().kind_of(pattern.ranks.front())) return false;
  const std::uint32_t moved = ranks.front().value - pattern.ranks.front().value;  // either way, modulo 2^32
  return moved % domain == 0 &&
         std::ranges::equal(pattern.ranks, ranks, [&](RankId a, RankId b) { return a.value + moved == b.value; });
}

// The links must be like those that the drafts were made for.
bool InsideDrafts::move(Pattern& pattern, RankId first) const {
  const int domains = fabric_.domain_of(first) - fabric_.domain_of(pattern.ranks.front());
  const std::uint32_t by = static_cast<std::uint32_t>(domains) * stride_;
  const topology::Links& links = fabric_.links();
  for (const sim::LinkUses& uses : pattern.uses)
    for (const sim::LinkUse& use : uses) {
      const topology::FabricLink &old = links[use.link], &now = links[LinkId{use.link.value + by}];
      if (old.kind != now.kind || old.capacity != now.capacity) return false;
    }
  for (sim::LinkUses& uses : pattern.uses)
    for (sim::LinkUse& use : uses) use.link.value += by;
  const std::uint32_t ranks = first.value - pattern.ranks.front().value;
  for (RankId& rank : pattern.ranks) rank.value += ranks;
  return true;
}

std::optional<InsideDrafts::Known> InsideDrafts::find(std::span<const RankId> ranks,
                                                      std::span<const sim::Wanted> wanted) {
  if (stride_ == 0 || !is_inside(ranks)) return std::nullopt;
  for (Pattern& pattern : patterns_)
    if (matches(pattern, ranks, wanted) && move(pattern, ranks.front())) return Known{pattern.drafts, pattern.likeness};
  return std::nullopt;
}

void InsideDrafts::keep(std::span<const RankId> ranks, std::span<const sim::Wanted> wanted, const Known& drafted) {
  const std::span<const sim::Draft> drafts = drafted.drafts;
  if (stride_ == 0 || !is_inside(ranks) || patterns_.size() == kMostPatterns) return;
  Pattern& pattern = patterns_.emplace_back();
  pattern.ranks.assign(ranks.begin(), ranks.end());
  pattern.wanted.assign(wanted.begin(), wanted.end());
  pattern.likeness = drafted.likeness;
  std::vector<const sim::LinkUse*> known;
  std::size_t phases = 0;
  for (const sim::Draft& draft : drafts) phases += draft.phases.size();
  pattern.phases.reserve(phases);  // so that they, and the uses, stay where they are
  pattern.uses.reserve(phases);
  for (const sim::Draft& draft : drafts) {
    const std::size_t first = pattern.phases.size();
    for (sim::Draft::Phase phase : draft.phases) {
      const auto at = std::find(known.begin(), known.end(), phase.uses.data());
      if (!phase.uses.empty() && at == known.end()) {
        known.push_back(phase.uses.data());
        pattern.uses.emplace_back(phase.uses.begin(), phase.uses.end());
        phase.uses = pattern.uses.back();
      } else if (!phase.uses.empty()) {
        phase.uses = pattern.uses[static_cast<std::size_t>(at - known.begin())];
      }
      pattern.phases.push_back(phase);
    }
    pattern.drafts.push_back(draft);
    pattern.drafts.back().phases = std::span(pattern.phases).subspan(first, draft.phases.size());
  }
}

}  // namespace orrery::models
