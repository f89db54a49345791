#pragma once

#include <memory>
#include <vector>

#include "models/memory/caching_allocator.h"
#include "models/memory/replay_memory.h"
#include "models/memory/start_up.h"
#include "sim/program.h"

namespace orrery::models {

// How the allocator of a rank on that kind of node is set (ClusterSpec::kinds).
AllocatorOptions allocator_options(const Scenario& scenario, int node_kind);

// Of what a program holds from before the first step, what nothing else asks for: with a start-up, not `held`'s
// buffers.
std::vector<std::uint32_t> resident_beside(const sim::Program& program, const HeldWeights& held, bool has_start);

// What the allocator of a rank holds from its driver at most: the rank's program
// read as requests, in the order in which its host issues them, for three steps.
// `tensors` are the lists that Buffer::parts names. With `start`, what comes before and between those is
// asked for as that says, in place of `held`'s buffers; without, these stand from the beginning.
Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options, const HeldWeights& held = {},
                    const StartUp* start = nullptr);

// The same for several programs, each time of those of its ranks that are told apart (start_ups) the most: stages
// of a pipeline mostly ask alike, and are replayed once. `memory`: of replays before; null: none.
class ReservedPeaks {
 public:
  ReservedPeaks(const std::vector<std::vector<Bytes>>& tensors, const CachingAllocator::Options& options,
                std::shared_ptr<ReplayMemory> memory = nullptr)
      : tensors_(tensors), options_(options), memory_(memory ? std::move(memory) : std::make_shared<ReplayMemory>()) {}
  Bytes of(const sim::Program& program, const Scenario& scenario, const HeldWeights& held);

 private:
  const std::vector<std::vector<Bytes>>& tensors_;
  CachingAllocator::Options options_;
  std::shared_ptr<ReplayMemory> memory_;
};

}  // namespace orrery::models
