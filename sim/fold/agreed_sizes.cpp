#include "sim/fold/agreed_sizes.h"

#include <algorithm>
#include <utility>

namespace orrery::sim {
namespace {

std::vector<Transfer> transfers_of(const Workload& workload) {
  std::vector<Transfer> all;
  for (const Program& program : workload.programs)
    all.insert(all.end(), program.transfers.begin(), program.transfers.end());
  return all;
}

bool same_sum(const Transfer& a, const Transfer& b) {
  return a.kind == TransferKind::point_to_point && b.kind == a.kind && a.tag == b.tag;
}

// Sizes that come together, each once.
using Pairs = std::vector<std::pair<const Transfer*, const Transfer*>>;

}  // namespace

std::optional<AgreedSizes> AgreedSizes::of(const Workload& workload) {
  AgreedSizes agreed;
  agreed.transfers_ = transfers_of(workload);
  std::vector<const Transfer*> sums;  // one of each
  for (const Transfer& transfer : agreed.transfers_) {
    const auto same = std::ranges::find_if(sums, [&](const Transfer* sum) { return same_sum(*sum, transfer); });
    if (same == sums.end())
      sums.push_back(&transfer);
    else if ((*same)->bytes != transfer.bytes)
      return std::nullopt;
  }
  return agreed;
}

bool AgreedSizes::hold_for(const Workload& workload) const {
  const std::vector<Transfer> now = transfers_of(workload);
  if (now.size() != transfers_.size()) return false;
  Pairs pairs;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const Transfer& then = transfers_[i];
    const auto same = std::ranges::find_if(
        pairs, [&](const auto& pair) { return pair.first->kind == then.kind && pair.first->bytes == then.bytes; });
    if (same == pairs.end())
      pairs.emplace_back(&then, &now[i]);
    else if (same->second->bytes != now[i].bytes)
      return false;
  }
  return true;
}

}  // namespace orrery::sim
