#pragma once

#include <optional>
#include <vector>

#include "sim/workload.h"

namespace orrery::sim {

// Sizes with which ranks agreed on all that they exchange (check/parts.h, check_meetings).
//
// In a workload that is the same but for sizes they agree again if transfers of one kind and size there are of one size
// here: what is compared one by one comes out the same. Sends and receives are compared in sums, of one tag each; those
// are as equal as their parts if all parts of a tag are of one size.
class AgreedSizes {
 public:
  // None where a sum has parts of several sizes. Precondition: ranks agree.
  static std::optional<AgreedSizes> of(const Workload& workload);

  // Precondition: it is the same but for sizes.
  bool hold_for(const Workload& workload) const;

 private:
  std::vector<Transfer> transfers_;  // of all programs
};

}  // namespace orrery::sim
