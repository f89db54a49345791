#pragma once

#include <string>
#include <vector>

#include "models/memory/caching_allocator.h"
#include "report/result.h"
#include "sweep/plan/search.h"

namespace orrery::report {

// A finished search for a layout.
struct PlanReport {
  const models::Scenario& scenario;  // as it was written
  std::uint64_t combinations = 0;    // of all values
  std::uint64_t candidates = 0;      // of those: fill the cluster, divide what they must
  const sweep::SearchResult& search;
  std::vector<Result> results;        // of search.best
  std::vector<std::string> settings;  // "layout.tp=8 layout.pp=4 …", as --set takes them
  double tokens = 0;                  // to train on; 0: not asked
  double price = 0;                   // of a GPU-hour; 0: not asked
};

std::string plan_text(const PlanReport& plan);
std::string plan_json(const PlanReport& plan);

// A reason with its numbers made alike: "tp 6 does not divide heads 32" is "tp N does not divide heads N".
std::string without_numbers(const std::string& reason);

// The allocator of a scenario's GPUs.
models::CachingAllocator::Options allocator_of(const models::Scenario& scenario);

}  // namespace orrery::report
