#pragma once

#include <memory>
#include <vector>

#include "models/collectives/nccl/model.h"
#include "models/collectives/nccl/tuner.h"
#include "models/collectives/times/kernel_times.h"

namespace orrery::models {

// What is known of the collectives of a cluster: how NCCL would choose, and how
// long its kernels take.
struct CollectiveFacts {
  NcclModel nccl;
  KernelTimes times;
  std::vector<Protocol> protocols;    // those that may run (`cluster.nccl`); empty: all
  std::vector<Algorithm> algorithms;  // the same
  std::optional<Tuner> tuner;
  // In a cluster of unlike nodes: of each kind; empty where all are alike.
  std::vector<std::shared_ptr<const CollectiveFacts>> kinds;
};

// Of the cluster's generation of GPUs (the first group's, and of each group: `kinds`); `version` of NCCL, empty for the
// cluster's own (`cluster.nccl`), or else the newest known.
Result<std::shared_ptr<const CollectiveFacts>> read_collective_facts(const SearchPath& path,
                                                                     const topology::ClusterSpec& cluster,
                                                                     const std::string& version = "",
                                                                     const Where& asked_at = {"nccl", 0, 0});

}  // namespace orrery::models
