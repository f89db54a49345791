#pragma once

#include <utility>
#include <vector>

#include "models/collectives/planner_family.h"
#include "sim/planner.h"

namespace orrery::models {

// Grows without moving what it holds, and asks for memory now and then.
template <class T>
class Shelf {
 public:
  T& add(T item) {
    constexpr std::size_t kBlock = 256;
    if (blocks_.empty() || blocks_.back().size() == kBlock) blocks_.emplace_back().reserve(kBlock);
    return blocks_.back().emplace_back(std::move(item));
  }

 private:
  std::vector<std::vector<T>> blocks_;
};

// Plans for one group of ranks, kept as long as the planner.
struct GroupPlans {
  struct Known {
    sim::TransferKind kind;
    Bytes bytes;
    const sim::TransferPlan* plan;
  };
  GroupFacts* facts = nullptr;
  std::vector<Known> known;
};

using PlansOfGroups = ByRanks<GroupPlans>;

}  // namespace orrery::models
