#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::sweep {

enum class Status { ok, infeasible, pruned, timeout, failed };

std::string_view to_string(Status status);

// Where the step goes, by the names that a run's result has them under (mean over ranks).
inline constexpr std::array<std::string_view, 12> kStepParts = {
    "compute_s",    "recompute_s", "exposed_tp_s", "exposed_cp_s", "exposed_ep_s", "exposed_pp_s",
    "exposed_dp_s", "bubble_s",    "optimizer_s",  "offload_s",    "host_s",       "other_s"};
using StepParts = std::array<double, kStepParts.size()>;  // seconds; they add up to the step

// What became of a point. Infeasible: its scenario contradicts itself, cannot be run yet,
// or a condition of the sweep rules it out. Pruned: it was not run, for it cannot be among the
// best that were asked for. Timeout: it took longer than was allowed. Failed: our fault, or the machine's.
struct Outcome {
  Status status = Status::failed;
  std::string reason;                 // of what is not ok, one line
  std::vector<std::string> warnings;  // of what is: what to know before its figures are relied on
  int gpus = 0;
  double step_time_s = 0, tokens_per_s = 0, model_tflops_per_gpu = 0, mfu = 0, bubble_fraction = 0, exposed_comm_s = 0;
  StepParts parts{};
  std::int64_t peak_bytes = 0, reserved_bytes = 0;
  bool fits = false;
  std::uint64_t events = 0;
  double wall_s = 0;

  bool operator==(const Outcome&) const = default;
};

// 128 bits of everything that decides a point's outcome: the effective scenario, the
// versions of engine and data. Equal keys, equal outcomes.
using Key = std::array<std::uint64_t, 2>;

struct Row {
  std::uint64_t index = 0;  // of the point in its sweep
  Key key{};
  std::string config;  // what the sweep sets, as a JSON object: {"layout.tp": 4, …}
  Outcome outcome;
  int attempt = 1;
  std::string finished_at;  // UTC, ISO 8601

  bool operator==(const Row&) const = default;
};

}  // namespace orrery::sweep
