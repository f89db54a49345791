#pragma once

#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"
#include "topology/hardware.h"

namespace orrery::topology {

// Reads hardware presets and inline descriptions. All faults at once.

// A preset name (`hardware/gpus/<name>.yaml`), a mapping, or {preset: …, key: …}.
Result<GpuSpec> read_gpu(const Node& node, const SearchPath& path);

// The preset that has `name` among its driver_names: "NVIDIA H100 80GB HBM3".
Result<GpuSpec> gpu_by_driver_name(const std::string& name, const SearchPath& path);

// The contract's `cluster:` value: a mapping with `preset` or with gpu/scale_up/
// host/fabric, and `nodes` or `gpus`. Kinds of the contract that are not built
// yet are refused by key: "not supported yet".
Result<ClusterSpec> read_cluster(const Node& node, const SearchPath& path);

}  // namespace orrery::topology
