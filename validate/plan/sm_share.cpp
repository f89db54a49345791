#include "validate/plan/sm_share.h"

namespace orrery::validate {

Result<int> sm_share(int sms, int ranks, int compute_capability_major) {
  const bool by_eight = compute_capability_major >= 9;
  const int multiple = by_eight ? 8 : 2, least = by_eight ? 8 : 4;
  const int share = sms / ranks / multiple * multiple;
  if (share >= least) return share;
  return Error{{},
               std::to_string(sms) + " SMs are too few for " + std::to_string(ranks) + " partitions of at least " +
                   std::to_string(least) + " SMs; at most " + std::to_string(sms / least) + " virtual ranks",
               Fault::unsupported};
}

}  // namespace orrery::validate
