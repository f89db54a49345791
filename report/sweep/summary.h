#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sweep/store/store.h"

namespace orrery::report {

// What a sweep may be ranked by.
struct Objective {
  std::string name;   // "step_time"
  std::string label;  // "step"
  bool larger_is_better = false;
  double (*value)(const sweep::Outcome&) = nullptr;
  std::string (*text)(double) = nullptr;
};
std::span<const Objective> objectives();
const Objective* find_objective(const std::string& name);

// The results of a sweep, or of what is done of it.
struct SweepResults {
  sweep::Meta meta;
  std::vector<sweep::Row> rows;  // in the order of points
};

// Step time on equal numbers of GPUs, else tokens/s of one GPU.
const Objective& natural_objective(const std::vector<sweep::Row>& rows);

// Rows that ran, the best first; those that fit before those that do not. Ties in the order of points.
std::vector<const sweep::Row*> ranked(const std::vector<sweep::Row>& rows, const Objective& by);

// Rows that fit and that no other beats in step time, memory and GPUs at once, the fastest first.
std::vector<const sweep::Row*> pareto_front(const std::vector<sweep::Row>& rows);

// Why points did not run: how many for each reason, numbers in reasons made alike ("tp N does not divide…").
std::map<std::string, std::uint64_t> reasons(const std::vector<sweep::Row>& rows);
// The same of what there is to know of those that ran.
std::map<std::string, std::uint64_t> warnings(const std::vector<sweep::Row>& rows);
// Either, those of most points first.
std::vector<std::pair<std::uint64_t, std::string>> by_count(const std::map<std::string, std::uint64_t>& counted);

// For people: counts, the best `top`, the Pareto front.
std::string sweep_summary(const SweepResults& results, const Objective& by, std::size_t top);

// Every row: a column for each swept key, then the outcome.
std::string sweep_csv(const SweepResults& results);
std::string sweep_jsonl(const SweepResults& results);

// The summary as one JSON document.
std::string sweep_json(const SweepResults& results, const Objective& by, std::size_t top);

// One HTML document that needs nothing else: table to sort, scatter with the Pareto front, settings
// against outcomes, reasons, warnings.
std::string sweep_page(const SweepResults& results, const Objective& by);

// The scatter alone, as an SVG file for a paper or a slide.
std::string sweep_plot(const SweepResults& results, const Objective& by);

}  // namespace orrery::report
