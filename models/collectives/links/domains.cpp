#include "models/collectives/links/domains.h"

#include <algorithm>

namespace orrery::models {
namespace {

// Of each rank the domain that it is in, numbered as they come; and how many each has.
struct Places {
  std::vector<std::uint32_t> domain_of;
  std::vector<std::size_t> counts;
  bool together = true;  // no domain is named again after another one
};

Places places_of(std::span<const RankId> ranks, std::uint32_t domain_gpus) {
  Places places;
  places.domain_of.reserve(ranks.size());
  places.counts.reserve(ranks.size());
  std::vector<std::uint32_t> names;
  names.reserve(ranks.size());
  std::uint32_t highest = 0;
  for (const RankId rank : ranks) {
    const std::uint32_t name = rank.value / domain_gpus;
    // Groups name a domain's ranks together or go round the domains in order: what lies above all others is new.
    std::size_t at = names.size();
    if (!names.empty() && names.back() == name)
      at = names.size() - 1;
    else if (!names.empty() && name <= highest)
      at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    highest = std::max(highest, name);
    if (at == names.size()) {
      names.push_back(name);
      places.counts.push_back(0);
    }
    places.together = places.together && at + 1 == names.size();
    places.domain_of.push_back(static_cast<std::uint32_t>(at));
    ++places.counts[at];
  }
  return places;
}

}  // namespace

Domains::Domains(std::span<const RankId> ranks, std::uint32_t domain_gpus) {
  const Places places = places_of(ranks, domain_gpus);
  ends_.reserve(places.counts.size());
  std::size_t end = 0;
  for (const std::size_t count : places.counts) ends_.push_back(end += count);
  if (places.together) {
    ranks_.assign(ranks.begin(), ranks.end());
    return;
  }
  std::vector<std::size_t> next;
  for (std::size_t d = 0; d < ends_.size(); ++d) next.push_back(ends_[d] - places.counts[d]);
  ranks_.resize(ranks.size());
  for (std::size_t i = 0; i < ranks.size(); ++i) ranks_[next[places.domain_of[i]]++] = ranks[i];
}

void Domains::add(Members members) {
  ranks_.insert(ranks_.end(), members.begin(), members.end());
  ends_.push_back(ranks_.size());
}

}  // namespace orrery::models
