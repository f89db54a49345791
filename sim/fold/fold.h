#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/id.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

class FoldMemory;

// A workload with one rank for every set of ranks that must behave the same.
struct Folded {
  Workload workload;                        // ranks are classes; groups, links and plans are those of the classes
  IdVector<RankId, RankId> class_of;        // rank of the full workload -> rank of the folded one
  IdVector<RankId, RankId> representative;  // class -> its first member
  // Links of the full workload by link of the folded one; of none are those that no transfer uses.
  std::shared_ptr<const LinkClasses> link_classes;
  std::vector<std::uint32_t> link_multiplicity;
  // Equal where one FoldMemory found workloads to be the same but for sizes and times; 0 where nothing is known.
  std::uint64_t form = 0;
};

// Exact, not an approximation: ranks, groups and links are refined into classes
// (colour refinement) until every member of a class meets equally many members
// of every other class and loads equally many links of every link class. The
// max-min allocation is unique, hence constant on classes; see fold.cpp.
//
// `memory` spares the search where a workload folded before was the same but for sizes and times (fold/memory.h).
Folded fold(const Workload& workload, FoldMemory* memory = nullptr);

// The result of the full workload from that of the folded one: same digest, same bytes.
RunResult unfold(const Folded& folded, const Workload& full, const RunResult& result);

}  // namespace orrery::sim
