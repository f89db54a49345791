#include <algorithm>
#include <array>

#include "report/sweep/summary.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using sweep::Outcome;
using sweep::Row;
using sweep::Status;

std::string plain(double value) {
  return significant(value);
}
std::string in_gib(double bytes) {
  return gib({static_cast<std::int64_t>(bytes)});
}

const std::array<Objective, 8> kObjectives = {{
    {"step_time", "step", false, [](const Outcome& o) { return o.step_time_s; }, human_seconds},
    {"tokens_per_s_per_gpu", "tokens/s/GPU", true,
     [](const Outcome& o) { return o.tokens_per_s / std::max(1, o.gpus); }, plain},
    {"tokens_per_s", "tokens/s", true, [](const Outcome& o) { return o.tokens_per_s; }, plain},
    {"model_tflops_per_gpu", "TFLOP/s/GPU", true, [](const Outcome& o) { return o.model_tflops_per_gpu; }, plain},
    {"mfu", "MFU", true, [](const Outcome& o) { return o.mfu; }, percent},
    {"reserved_memory", "GiB reserved", false, [](const Outcome& o) { return static_cast<double>(o.reserved_bytes); },
     in_gib},
    {"bubble_fraction", "bubble", false, [](const Outcome& o) { return o.bubble_fraction; }, percent},
    {"gpus", "GPUs", false, [](const Outcome& o) { return static_cast<double>(o.gpus); }, plain},
}};

bool ran(const Row& row) {
  return row.outcome.status == Status::ok;
}

// At least as good in everything: of equal ones the first stands for all.
bool beats(const Outcome& a, const Outcome& b) {
  return a.step_time_s <= b.step_time_s && a.reserved_bytes <= b.reserved_bytes && a.gpus <= b.gpus;
}

}  // namespace

std::span<const Objective> objectives() {
  return kObjectives;
}

const Objective* find_objective(const std::string& name) {
  const auto found =
      std::find_if(kObjectives.begin(), kObjectives.end(), [&](const auto& o) { return o.name == name; });
  return found == kObjectives.end() ? nullptr : &*found;
}

const Objective& natural_objective(const std::vector<Row>& rows) {
  const auto first = std::find_if(rows.begin(), rows.end(), ran);
  const bool equal = std::all_of(first, rows.end(),
                                 [&](const Row& row) { return !ran(row) || row.outcome.gpus == first->outcome.gpus; });
  return kObjectives[equal ? 0 : 1];
}

std::vector<const Row*> ranked(const std::vector<Row>& rows, const Objective& by) {
  std::vector<const Row*> all;
  for (const Row& row : rows)
    if (ran(row)) all.push_back(&row);
  std::stable_sort(all.begin(), all.end(), [&](const Row* a, const Row* b) {
    if (a->outcome.fits != b->outcome.fits) return a->outcome.fits;
    const double x = by.value(a->outcome), y = by.value(b->outcome);
    return by.larger_is_better ? x > y : x < y;
  });
  return all;
}

std::vector<const Row*> pareto_front(const std::vector<Row>& rows) {
  // Whoever beats a row is at least as fast, so it comes before it in this order.
  std::vector<const Row*> front;
  for (const Row* row : ranked(rows, kObjectives[0])) {
    if (!row->outcome.fits) break;
    const bool beaten =
        std::any_of(front.begin(), front.end(), [&](const Row* other) { return beats(other->outcome, row->outcome); });
    if (!beaten) front.push_back(row);
  }
  return front;
}

std::map<std::string, std::uint64_t> reasons(const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> all;
  for (const Row& row : rows)
    if (!ran(row)) ++all[without_numbers(row.outcome.reason)];
  return all;
}

std::map<std::string, std::uint64_t> warnings(const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> all;
  for (const Row& row : rows)
    for (const std::string& text : row.outcome.warnings) ++all[without_numbers(text)];
  return all;
}

std::vector<std::pair<std::uint64_t, std::string>> by_count(const std::map<std::string, std::uint64_t>& counted) {
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& [text, n] : counted) all.emplace_back(n, text);
  std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.first > b.first; });
  return all;
}

}  // namespace orrery::report
