#pragma once

#include <string>
#include <vector>

#include "sim/base/read/document.h"
#include "topology/read/files/nvidia_smi.h"
#include "topology/read/nccl/nccl_system.h"
#include "topology/read/parts/links.h"

namespace orrery::topology {

// A key of `cluster` that a file leaves open, and what to say if nobody else gives it.
struct Gap {
  std::string key;
  Error error;
};

// One node, as a file describes it, in the keys of `cluster` that say the same;
// every value remembers its place in the file.
struct NodeFile {
  Node cluster;
  Node gpu;  // what the device id says; null: nothing. A platform that somebody names knows better
  std::vector<Gap> gaps;
  std::vector<std::string> assumptions;
};

// NICs that no GPU is nearest to, and those far slower than the fastest, are left
// out, as NCCL does. Errors: more NVLinks than the GPUs' generation has.
Result<NodeFile> node_from(const NcclSystem& system, const std::string& file, const LinkFacts& facts,
                           const PciDevices& devices);
Result<NodeFile> node_from(const SmiTopology& topology, const std::string& file, const LinkFacts& facts);

}  // namespace orrery::topology
