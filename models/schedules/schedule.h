#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::models {

// One cell of a schedule table: what a pipeline rank computes next. `stage` is
// the global (virtual) stage, as in docs/schedules.md.
struct Action {
  enum class Type : char { forward = 'F', backward = 'B', input_gradient = 'I', weight_gradient = 'W' };
  Type type = Type::forward;
  int stage = 0;
  int micro_batch = 0;
  bool operator==(const Action&) const = default;
};

enum class Placement { linear, loop };  // stage s on rank s, on rank s mod p; others come with their schedules

struct ScheduleRequest {
  std::string name = "1f1b";
  int ranks = 1;          // p
  int micro_batches = 1;  // m
  int chunks = 1;         // v
  int group = 0;          // interleaved: N; 0: p
  std::string rule = {};  // "rounds": PyTorch's interleaved rule
  int extra_warmup = 0;
};

struct Schedule {
  ScheduleRequest request;
  Placement placement = Placement::linear;
  std::vector<std::vector<Action>> order;  // by rank, compute only

  int stages() const { return request.ranks * request.chunks; }
  int rank_of(int stage) const { return placement == Placement::linear ? stage : stage % request.ranks; }
  int chunk_of(int stage) const { return stage / request.ranks; }
};

// The order that `request.name` gives, or why (p, m, v, N) cannot have one.
Result<Schedule> make_schedule(const ScheduleRequest& request);

// Names make_schedule knows, and those of the contract that it does not know yet.
std::span<const std::string_view> schedule_names();
std::span<const std::string_view> schedules_not_supported_yet();

// As-soon-as-possible execution of a fixed order: pure latency between ranks, no
// contention (rules in docs/schedules.md). Integers in, integers out.
struct ScheduleCosts {
  std::int64_t forward = 1, input_gradient = 1, weight_gradient = 1, transfer = 0, backward = 2, overlap = 3;
};
struct ScheduleTimes {
  static constexpr std::int64_t kNeverEnds = -1;  // makespan of an order that deadlocks; make_schedule gives none
  std::int64_t makespan = 0, longest_rank_window = 0;
  std::vector<std::int64_t> idle_inside_window, busy;
  std::vector<int> peak_in_flight;          // forwards until I or B ends
  std::vector<int> peak_in_flight_weights;  // until W or B ends
  double bubble_ratio = 0;  // (makespan - ideal) / ideal, ideal = the busiest rank's work = m v (T_F + T_B)
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> spans;  // start, end; parallel to order
};
ScheduleTimes evaluate(const Schedule& schedule, const ScheduleCosts& costs);

}  // namespace orrery::models
