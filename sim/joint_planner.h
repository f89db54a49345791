#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/jobs.h"

namespace orrery::sim {

// A plan's claim can name no more.
inline constexpr std::size_t kMostClaims = UINT8_MAX + 1;

// Claims of all jobs, those that jobs have in common once, and by how much a job's
// own numbers are moved there. Claim 0 takes nothing in any of them.
struct JointClaims {
  std::vector<Claim> all;
  std::vector<std::size_t> moved;  // by job
};
JointClaims joint_claims(std::span<const PlacedJob> jobs);

// One planner that asks each job's own, for the GPUs that its ranks are on. All claims fit (kMostClaims).
std::shared_ptr<const TransferPlanner> joint_planner(std::span<const PlacedJob> jobs, const JointClaims& claims);

}  // namespace orrery::sim
