#pragma once

#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::validate {

// Products of log-spread sizes: every size from decode to the largest layers, of
// which three in four have no side below 512. The first half is forward, a quarter
// each are data gradients and accumulating weight gradients.
std::vector<models::Kernel> spread_products(models::Dtype dtype, int n, std::uint64_t seed);

// Attention forward and backward over length, heads in all, and head size, as far
// as one is not expected to take longer than 50 ms on `gpu`.
std::vector<models::Kernel> spread_attention(const topology::GpuSpec& gpu);

// Families that move parameters, gradients and optimizer states.
bool is_of_optimizer(const std::string& family);

// Each family in six sizes from 256 KiB to 1 GiB.
std::vector<models::Kernel> spread_memory_bound(const std::vector<std::string>& families);

// All families that the models know or `gpu` has a curve for, in order of name.
std::vector<std::string> memory_bound_families(const topology::GpuSpec& gpu);

}  // namespace orrery::validate
