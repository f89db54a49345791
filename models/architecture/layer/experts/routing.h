#pragma once

#include <cstdint>
#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// How the router's copies fall on experts. A load is counted against an even
// share: 1 for all when routing is balanced, and 1 in the mean always.

// Loads of the experts of one layer, in the order of their ids. Which expert is
// how popular is drawn from (seed, layer): layers do not know each other's
// favourites. No expert is met twice by a token, so none takes more than a
// top_k-th of the copies.
//   zipf: the n-th most popular expert takes n^-skew.
//   power-law: loads are quantiles of the density x^-skew between 1 and the number
//   of experts (the samples of aiconfigurator's MoE benchmarks: skew 1.01 and 1.2).
//   a file: the loads written there.
std::vector<double> expert_loads(const MoeSpec& moe, int layer, std::uint64_t seed);

// The mean load of the experts that each rank of an expert-parallel group holds:
// neighbours in order, as frameworks place them. Where a capacity fixes what an
// expert takes, every rank takes the same.
std::vector<double> rank_loads(const MoeSpec& moe, int ep, int layer, std::uint64_t seed);

}  // namespace orrery::models
