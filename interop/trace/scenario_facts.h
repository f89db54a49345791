#pragma once

#include "interop/trace/rank_facts.h"
#include "models/scenario/scenario.h"

namespace orrery::interop {

// By a scenario's layout and cluster; its ranks follow each other from node to node.
FactsOfRank facts_of(const models::Scenario& scenario);

}  // namespace orrery::interop
