#include <algorithm>

#include "validate/backend.h"

namespace orrery::validate {

Bytes largest_transfer(const sim::Workload& workload, RankId rank) {
  Bytes largest;
  for (const sim::Transfer& transfer : workload.programs[workload.program_of[rank]].transfers)
    largest = std::max(largest, transfer.bytes);
  return largest;
}

}  // namespace orrery::validate
