#pragma once

#include <atomic>
#include <vector>

#include "cli/work/pipeline.h"
#include "report/explain/explain.h"

namespace orrery::cli {

// By how much.
enum class Faster { twice, by_a_tenth };

// The scenario again with one thing of its world changed at a time: faster
// links, faster GPUs, a host that costs nothing. Changes that touch nothing in
// this scenario (a network where there is one node) are left out. Amid other jobs
// (`jobs`) hardware changes for all of them, and the host for the scenario itself.
std::vector<report::WhatIf> what_if(const models::Scenario& scenario, Faster faster, const std::atomic<bool>* stop);

}  // namespace orrery::cli
