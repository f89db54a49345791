#pragma once

#include "sim/base/read/fields.h"
#include "topology/hardware.h"

namespace orrery::topology {

// Fills nodes, gpus_per_node and physical_gpus_per_node from `nodes` or `gpus`.
// `preset` is the preset's own mapping, or null: its gpus_per_node is what a
// physical node has, and the scenario's is how many of them are used.
void read_size(Fields& cluster, const Node* preset, ClusterSpec& spec);

// False, and a fault at `key`, for more GPUs than are simulated.
bool check_most_gpus(Fields& cluster, std::string_view key, const ClusterSpec& spec);

// Fills nvlink_domain from `domain` (and `partial_domain`, for jobs that do not
// fill whole domains), both in GPUs of complete physical nodes.
void read_domain(Fields& scale_up, ClusterSpec& spec);

}  // namespace orrery::topology
