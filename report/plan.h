#pragma once

#include <string>
#include <vector>

#include "models/memory/allocation_replay.h"
#include "report/result.h"
#include "sweep/plan/search.h"

namespace orrery::report {

// A finished search for a layout.
struct PlanReport {
  const models::Scenario& scenario;  // as it was written
  std::uint64_t combinations = 0;    // of all values
  std::uint64_t candidates = 0;      // of those: fill the cluster, divide what they must
  const sweep::SearchResult& search;
  std::vector<Result> results;                    // of search.best
  std::vector<std::string> settings;              // "layout.tp=8 layout.pp=4 …", as --set takes them
  std::vector<std::vector<std::string>> without;  // keys that the file must not have then
  double tokens = 0;                              // to train on; 0: not asked
  double price = 0;                               // of a GPU-hour; 0: not asked
};

std::string plan_text(const PlanReport& plan);
std::string plan_json(const PlanReport& plan);

// A reason with its numbers made alike: "tp 6 does not divide heads 32" is "tp N does not divide heads N".
std::string without_numbers(const std::string& reason);

// What the allocator of a program's ranks holds at most, each on its own kind of GPU.
class ReservedByProgram {
 public:
  ReservedByProgram(const models::Scenario& scenario, const models::Compiled& compiled);
  Bytes of(ProgramId program);

 private:
  const models::Scenario& scenario_;
  const models::Compiled& compiled_;
  std::vector<models::ReservedPeaks> on_kind_;
};

// Memory of the GPUs that run a program.
Bytes capacity_of(const models::Scenario& scenario, const models::Compiled& compiled, ProgramId program);
// Known before a run: by what the allocators of all ranks hold at most, of which the run shows no less.
bool will_fit(const models::Scenario& scenario, const models::Compiled& compiled);

}  // namespace orrery::report
