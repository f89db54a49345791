#include "sim/run_result.h"

namespace orrery::sim {

Duration RunResult::step_time() const {
  if (step_ends.empty()) return Duration();
  if (step_ends.size() == 1) return step_ends.back().since_start();
  return step_ends.back() - step_ends[step_ends.size() - 2];
}

RankSummaries::RankSummaries(RankSummaries of_classes, const IdVector<RankId, RankId>& class_of)
    : distinct_(std::move(of_classes.distinct_)) {
  place_.reserve(class_of.size());
  for (const RankId of : class_of)
    if (of.value < of_classes.place_.size()) place_.add(of_classes.place_[of]);
}

void RankSummaries::add(RankSummary summary) {
  place_.add(static_cast<std::uint32_t>(distinct_.size()));
  distinct_.push_back(std::move(summary));
}

std::vector<std::int64_t> RankSummaries::multiplicities() const {
  return multiplicities([](RankId) { return true; });
}

std::vector<std::int64_t> RankSummaries::multiplicities(const std::function<bool(RankId)>& counts) const {
  std::vector<std::int64_t> ranks(distinct_.size(), 0);
  for (std::uint32_t r = 0; r < place_.size(); ++r)
    if (counts({r})) ++ranks[place_[RankId{r}]];
  return ranks;
}

LinkLoads::LinkLoads(LinkLoads of_classes, const IdVector<LinkId, LinkId>& class_of) {
  if (class_of.empty()) return;
  distinct_ = std::move(of_classes.distinct_);
  const auto silent = static_cast<std::uint32_t>(distinct_.size());
  distinct_.emplace_back();
  place_.reserve(class_of.size());
  for (const LinkId of : class_of) place_.add(of.is_none() || of.value >= silent ? silent : of.value);
}

std::vector<LinkLoads::Alike> LinkLoads::alike() const {
  std::vector<Alike> all(distinct_.size());
  for (std::size_t i = 0; i < distinct_.size(); ++i) all[i].load = distinct_[i];
  for (std::uint32_t l = 0; l < size(); ++l) {
    Alike& of = all[place_.empty() ? l : place_[LinkId{l}]];
    if (of.links++ == 0) of.first = {l};
  }
  std::erase_if(all, [](const Alike& of) { return of.links == 0; });
  return all;
}

Digest combine_digests(const RankSummaries& ranks, const std::vector<Time>& step_ends) {
  Digest digest;
  for (std::uint32_t r = 0; r < ranks.size(); ++r) digest.add(ranks[RankId{r}].digest.value());
  for (Time end : step_ends) digest.add(static_cast<std::uint64_t>(end.count_ps()));
  return digest;
}

}  // namespace orrery::sim
