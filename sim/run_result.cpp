#include "sim/run_result.h"

#include <algorithm>
#include <utility>

namespace orrery::sim {

Duration RunResult::step_time() const {
  if (step_ends.empty()) return Duration();
  if (step_ends.size() == 1) return step_ends.back().since_start();
  return step_ends.back() - step_ends[step_ends.size() - 2];
}

RankSummaries::RankSummaries(RankSummaries of_classes, const IdVector<RankId, RankId>& class_of)
    : distinct_(std::move(of_classes.distinct_)), place_(class_of.size()) {
  std::uint32_t ranks = 0;
  for (const RankId of : class_of)
    if (of.value < of_classes.place_.size()) place_[RankId{ranks++}] = of_classes.place_[of];
  place_.resize(ranks);
}

void RankSummaries::add(RankSummary summary) {
  place_.add(static_cast<std::uint32_t>(distinct_.size()));
  distinct_.push_back(std::move(summary));
}

std::vector<std::int64_t> RankSummaries::multiplicities() const {
  std::vector<std::int64_t> ranks(distinct_.size(), 0);
  for (const std::uint32_t place : place_) ++ranks[place];
  return ranks;
}

std::vector<std::int64_t> RankSummaries::multiplicities(const std::function<bool(RankId)>& counts) const {
  std::vector<std::int64_t> ranks(distinct_.size(), 0);
  for (std::uint32_t r = 0; r < place_.size(); ++r)
    if (counts({r})) ++ranks[place_[RankId{r}]];
  return ranks;
}

LinkClasses::LinkClasses(const IdVector<LinkId, LinkId>& class_of, std::size_t classes)
    : classes_(classes + 1), place_(class_of.size()) {
  const auto of_none = static_cast<std::uint32_t>(classes);
  for (std::uint32_t l = 0; l < class_of.size(); ++l) {
    const std::uint32_t place = place_[LinkId{l}] = std::min(class_of[LinkId{l}].value, of_none);
    if (classes_[place].links++ == 0) classes_[place].first = {l};
  }
}

LinkLoads::LinkLoads(LinkLoads of_classes, std::shared_ptr<const LinkClasses> classes)
    : distinct_(std::move(of_classes.distinct_)), classes_(std::move(classes)) {
  distinct_.resize(classes_->all().size());
}

std::vector<LinkLoads::Alike> LinkLoads::alike() const {
  std::vector<Alike> all;
  for (std::uint32_t i = 0; i < distinct_.size(); ++i) {
    const LinkClasses::Class of = classes_ ? classes_->all()[i] : LinkClasses::Class{{i}, 1};
    if (of.links > 0) all.push_back({distinct_[i], of.first, of.links});
  }
  return all;
}

Digest combine_digests(const RankSummaries& ranks, const std::vector<Time>& step_ends) {
  Digest digest;
  for (std::uint32_t r = 0; r < ranks.size(); ++r) digest.add(ranks[RankId{r}].digest.value());
  for (Time end : step_ends) digest.add(static_cast<std::uint64_t>(end.count_ps()));
  return digest;
}

}  // namespace orrery::sim
