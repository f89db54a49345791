#pragma once

#include <memory>
#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// The machine that a scenario and the others in its `jobs` are on: the scenario's cluster, as large as their
// nodes reach, in NVLink domains that hold them all. A torus of nodes grows along its last dimension. Where jobs
// bring unlike nodes the machine has their groups, and nodes that no job is on are like those before them.
topology::ClusterSpec shared_cluster(const Scenario& scenario);

// What is known of collectives on each of its groups, told by the jobs that are on them; null where it has
// none, and every job has its own.
std::shared_ptr<const CollectiveFacts> shared_facts(const Scenario& scenario);

// Whether some job has several NVLink domains, which are then those of the machine.
bool spans_domains(const topology::ClusterSpec& cluster);

// Whether all nodes of both are the same.
bool alike(const topology::ClusterSpec& a, const topology::ClusterSpec& b);

}  // namespace orrery::models
