#pragma once

#include "interop/import/chakra/layout/names.h"
#include "interop/import/chakra/read/trace.h"

namespace orrery::interop::chakra {

// One step of one rank: its work and transfers once, where the trace repeats them.
struct RankStep {
  using Pass = NodeName::Pass;

  const RankTrace* trace = nullptr;
  std::vector<Pass> pass;                // of every node; unknown but for computes
  std::vector<std::string> layer;        // of every compute, as its name says it
  std::vector<std::uint32_t> computes;   // in the order of dependencies, once
  std::vector<std::uint32_t> transfers;  // collectives, once
  std::int64_t steps = 1;                // that the trace holds
  std::int64_t micro_batches = 1;        // of each
  bool named = false;                    // names say which computes go forward and backward

  const std::vector<std::uint32_t>& needs(std::uint32_t node) const {
    return by_data ? trace->nodes[node].needs_data : trace->nodes[node].needs;
  }
  // The last compute before a node along what it needs, or in the file where nothing needs anything.
  std::vector<std::uint32_t> work_before;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  bool by_data = true;  // control dependencies alone where there are no others
  bool chained = true;  // there are dependencies at all
};

RankStep step_of(const RankTrace& trace);

}  // namespace orrery::interop::chakra
