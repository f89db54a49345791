#pragma once

#include "models/scenario/scenario.h"

namespace orrery::models {

// How the ranks that hold the same parameters share what there is to hold:
// ZeRO's stages and FSDP's strategies as one thing. Nothing is split in a group
// of one, so a degree of 1 is the absence of sharding.
struct Sharding {
  // How long a unit of parameters stays gathered.
  enum class Keep {
    for_one_use,     // gathered for the forward, and again for the backward
    until_backward,  // of the same micro-batch
    for_the_step,    // over all micro-batches: under a pipeline
  };

  int replicas = 1;         // ranks with the same dense parameters: dp * cp, over all replicas of a pipeline
  int group = 1;            // of those, ranks that hold one copy of the split states between them
  bool optimizer = false;   // what is split
  bool gradients = false;   // and so reduced after every micro-batch, unless `reduce_once`
  bool parameters = false;  // gathered unit by unit
  Keep keep = Keep::for_one_use;
  bool reduce_once = false;        // whole gradients are kept until the last micro-batch
  bool shards_are_master = false;  // FSDP: the shard is the fp32 master copy, gradients are fp32 like it

  int copies() const { return replicas / group; }
  // Elements of `n` that one rank of the group holds, rounded up.
  std::int64_t share(std::int64_t n) const { return (n + group - 1) / group; }
};

// `in_pipeline`: replicas of a stage inside one pipeline, two where it is bidirectional.
Sharding sharding(const LayoutSpec& layout, int in_pipeline = 1);

// Experts have a grid of their own: these many ranks hold the same ones. All of them share, or, where dense parameters
// are split in shard groups, those in the same one (TorchTitan's efsdp = dp_shard * cp * tp / (etp * ep)).
int expert_replicas(const LayoutSpec& layout);
Sharding expert_sharding(const LayoutSpec& layout, int in_pipeline = 1);

}  // namespace orrery::models
