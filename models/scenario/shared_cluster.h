#pragma once

#include "models/scenario/scenario.h"

namespace orrery::models {

// The machine that a scenario and the others in its `jobs` are on: the scenario's cluster, as large as their
// nodes reach, in NVLink domains that hold them all.
topology::ClusterSpec shared_cluster(const Scenario& scenario);

// Whether some job has several NVLink domains, which are then those of the machine.
bool spans_domains(const topology::ClusterSpec& cluster);

}  // namespace orrery::models
