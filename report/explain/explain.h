#pragma once

#include <string>
#include <vector>

#include "report/result.h"
#include "report/summary.h"

namespace orrery::report {

// Time that ranks spend in kernels of one name, mean over ranks.
struct KernelShare {
  std::string label;
  std::string category;
  Duration time;
  std::int64_t count = 0;  // on one rank, mean
};

// The names that take most of a step's kernel time, longest first; from the
// programs alone, so without what contention adds.
std::vector<KernelShare> kernel_shares(const models::Compiled& compiled, std::size_t at_most);

// A stretch of the chain of ops that made the step as long as it is.
struct PathShare {
  std::string label;
  std::string category;
  Duration time;
};

// Transfers of one name in the measured step, over the simulated ranks.
struct TransferSlack {
  std::string label;
  std::string category;
  std::int64_t count = 0;
  Duration longest;        // of one of them, from meeting to end
  Duration least, median;  // slack: how much later it could have ended without the step ending later
};

// The same scenario with one thing changed.
struct WhatIf {
  std::string change;
  Duration step;
};

struct Explanation {
  const Result& result;
  std::vector<KernelShare> kernels;
  std::vector<PathShare> path_by_category;       // adds up to the step
  std::vector<PathShare> longest_on_path;        // by op name
  std::vector<PathShare> communication_on_path;  // transfers only, by op name
  std::vector<TransferSlack> slack;              // least median first
  std::vector<WhatIf> what_ifs;
};

// Why the step takes that long, for people.
std::string explain(const Explanation& explanation, const Style& style = {});
std::string explain_json(const Explanation& explanation);

}  // namespace orrery::report
