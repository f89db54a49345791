#include "validate/plan/sm_share.h"

namespace orrery::validate {
namespace {

constexpr int kSmsBeside = 8;

bool splits_by_eight(int compute_capability_major) {
  return compute_capability_major >= 9;
}

}  // namespace

Result<int> sm_share(int sms, int ranks, int compute_capability_major, int asked) {
  const bool by_eight = splits_by_eight(compute_capability_major);
  const int multiple = by_eight ? 8 : 2, least = by_eight ? 8 : 4;
  const int share = sms / ranks / multiple * multiple;
  if (asked > 0 && (asked % multiple != 0 || asked < least || asked > share))
    return Error{{},
                 std::to_string(asked) + " SMs a rank: " + std::to_string(ranks) + " ranks on " + std::to_string(sms) +
                     " SMs can have a multiple of " + std::to_string(multiple) + " from " + std::to_string(least) +
                     " to " + std::to_string(share),
                 Fault::unsupported};
  if (share >= least) return asked > 0 ? asked : share;
  return Error{{},
               std::to_string(sms) + " SMs are too few for " + std::to_string(ranks) + " partitions of at least " +
                   std::to_string(least) + " SMs; at most " + std::to_string(sms / least) + " virtual ranks",
               Fault::unsupported};
}

std::vector<SmPieces> sm_pieces(int sms, int ranks, int compute_capability_major, int share, int asked) {
  std::vector<SmPieces> cuts;
  const bool by_eight = splits_by_eight(compute_capability_major);
  if (by_eight && ranks * (share + kSmsBeside) <= sms) cuts.push_back({ranks, kSmsBeside, share / kSmsBeside, 1});
  cuts.push_back({ranks, share, 1, 0});
  for (int less = share - kSmsBeside; by_eight && asked == 0 && less > 0; less -= kSmsBeside)
    cuts.push_back({ranks, kSmsBeside, less / kSmsBeside, 0});
  return cuts;
}

}  // namespace orrery::validate
