#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/plan/bill.h"
#include "report/result.h"
#include "sweep/plan/search.h"

namespace orrery::report {

// The fastest layout were there more of something: what limits it, where that is faster.
struct WithMore {
  std::string change;  // "NVLink 10 % faster"
  Duration step;
  std::optional<Result> other;  // where another layout is the fastest then, or there are more GPUs
  std::string settings;         // of `other`
};

// What more of one thing at a time would give.
struct PlanLimits {
  std::vector<WithMore> a_tenth;         // 10 % more of it, what gives most first; memory only where that helps
  std::optional<WithMore> twice_memory;  // where that helps
  std::optional<WithMore> twice_gpus;    // half as many micro-batches a replica; none: the batch does not divide so
  bool memory_looked_into = false;       // false: layouts that do not fit were asked for, or it was interrupted
};

// A finished search for a layout, on a cluster of one size.
struct PlanReport {
  models::Scenario scenario;  // as it was written
  int gpus = 0;
  std::uint64_t combinations = 0;  // of all values
  std::uint64_t candidates = 0;    // of those: fill the cluster, divide what they must
  sweep::SearchResult search;
  std::vector<Result> results;                    // of search.best
  std::vector<std::string> settings;              // "layout.tp=8 layout.pp=4 …", as --set takes them
  std::vector<std::vector<std::string>> without;  // keys that the file must not have then
};

// Searches on clusters of several sizes, or of one.
struct Plans {
  std::vector<PlanReport> sizes;
  Training training;
  Aim aim = Aim::time;
  std::optional<std::size_t> chosen;  // of the sizes; none: no layout of any fits and keeps to the budget
  std::optional<PlanLimits> limits;   // of the chosen one
};

std::string plan_text(const Plans& plans);
std::string plan_json(const Plans& plans);
// A line a layout, of all sizes.
std::string plan_csv(const Plans& plans);

}  // namespace orrery::report
