#pragma once

#include <optional>
#include <span>

#include "models/collectives/algorithm.h"
#include "models/collectives/steps/steps.h"
#include "sim/program.h"

// Textbook algorithms, one file each. `bytes` in the nccl-tests sense; nothing where
// an algorithm does not do the operation or does not fit the ranks. F1 to F20: the
// closed forms of docs/collectives.md.

namespace orrery::models {

// How the ranks of a group lie: domain after domain, or along a torus.
struct Places {
  int ranks = 0;
  std::vector<std::vector<std::uint32_t>> domains;  // places in the group, by domain
  std::vector<int> torus;                           // extents, where the group is all of a torus
  std::vector<std::uint32_t> on_torus;              // place of each vertex, the first dimension fastest
};

using MaybeSteps = std::optional<Steps>;

// Rank to rank around, n-1 times a part S/n (F1, F2).
MaybeSteps ring_steps_of(sim::TransferKind kind, int ranks, double bytes);

// The same as NCCL's channels run it over several domains: a ring for each member of a
// domain, which leaves by that member's rail. One ring within a domain, or where
// domains are uneven.
MaybeSteps rings_over_rails(sim::TransferKind kind, const Places& places, double bytes);
int rails_of(const Places& places);  // how many rings those are

// Broadcast along a chain in `chunks` (F3), or by a tree that doubles (F4). Reduce is
// the same backwards.
MaybeSteps chain(sim::TransferKind kind, int ranks, double bytes, int chunks);
MaybeSteps binomial(sim::TransferKind kind, int ranks, double bytes);

// All-reduce of the whole buffer between ranks 1, 2, 4 … apart (F5); ranks beyond a
// power of two give theirs to a partner first and get the sum last (F8).
MaybeSteps recursive_doubling(sim::TransferKind kind, int ranks, double bytes);

// Halves of what is left, n/2, n/4 … apart, then back (F6, F7; F8 for all-reduce).
MaybeSteps halving_doubling(sim::TransferKind kind, int ranks, double bytes);

// All-gather and all-to-all in as many steps as n has bits (F9, F10).
MaybeSteps bruck(sim::TransferKind kind, int ranks, double bytes);

// All pairs, one distance after the other (F11).
MaybeSteps pairwise_steps(sim::TransferKind kind, int ranks, double bytes);

// Rings inside the domains and, a part each, between them (F14).
MaybeSteps two_level(sim::TransferKind kind, const Places& places, double bytes);

// 2d streams, each through the dimensions in an order of its own (F18).
MaybeSteps torus_rings(sim::TransferKind kind, const Places& places, double bytes);

// Everybody reads everybody's buffer, or reduces a part and gathers the others.
MaybeSteps one_shot(sim::TransferKind kind, int ranks, double bytes);
MaybeSteps two_shot(sim::TransferKind kind, int ranks, double bytes);

// Any of them by its name; nothing for those that NCCL has.
MaybeSteps steps_of(Algorithm algorithm, sim::TransferKind kind, const Places& places, double bytes);
bool in_steps(Algorithm algorithm);

}  // namespace orrery::models
