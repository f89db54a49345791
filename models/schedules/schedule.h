#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/base/shared_list.h"

namespace orrery::models {

// One cell of a schedule table: what a pipeline rank computes next. `stage` is
// the global (virtual) stage, as in docs/schedules.md.
struct Action {
  enum class Type : char {
    forward = 'F',
    backward = 'B',
    input_gradient = 'I',
    weight_gradient = 'W',
    overlap = 'O',  // the forward of (stage, micro_batch) and the full backward of the other two in one slot
  };
  Type type = Type::forward;
  int stage = 0;
  int micro_batch = 0;
  int backward_stage = 0, backward_micro_batch = 0;  // overlap only
  int steps_ago = 0;  // in a stretch that repeats (repeating_stretch): the micro-batch is of so many steps before
  bool operator==(const Action&) const = default;
};

// The passes of an action: itself, or the forward and the backward of an overlapped slot.
struct Passes {
  std::array<Action, 2> pass;
  int count = 1;
  const Action* begin() const { return pass.data(); }
  const Action* end() const { return pass.data() + count; }
};
inline Passes passes(const Action& a) {
  if (a.type != Action::Type::overlap) return {{a, {}}, 1};
  return {{Action{Action::Type::forward, a.stage, a.micro_batch},
           Action{Action::Type::backward, a.backward_stage, a.backward_micro_batch}},
          2};
}

// Makes the gradient that the stage before it waits for.
inline bool makes_input_gradient(Action::Type type) {
  return type == Action::Type::backward || type == Action::Type::input_gradient;
}
// Ends what a micro-batch does on a stage.
inline bool makes_weight_gradient(Action::Type type) {
  return type == Action::Type::backward || type == Action::Type::weight_gradient;
}

// Where virtual stages stand.
enum class Placement {
  linear,         // stage s on rank s
  loop,           // on rank s mod p
  wave,           // down the ranks and up again: 0..p-1, p-1..0, ...; two chunks are a V
  bidirectional,  // stage s on rank s for one half of the micro-batches, on rank p-1-s for the other: two replicas
};

// Time of one virtual stage. Integers in, integers out.
struct ScheduleCosts {
  std::int64_t forward = 1, input_gradient = 1, weight_gradient = 1, transfer = 0, backward = 2, overlap = 3;
  bool operator==(const ScheduleCosts&) const = default;
};

// What a micro-batch holds on a stage from its F on: `input` until its I ends,
// `weight` until its W ends. A rank holds at most `limit`; 0 is the schedule's own.
struct StageMemory {
  std::int64_t input = 1, weight = 1, limit = 0;
  bool operator==(const StageMemory&) const = default;
};

struct ScheduleRequest {
  std::string name = "1f1b";
  int ranks = 1;          // p
  int micro_batches = 1;  // m
  int chunks = 1;         // v
  int group = 0;          // interleaved: N; 0: the schedule's own
  std::string rule = {};  // "rounds": PyTorch's interleaved rule
  int extra_warmup = 0;
  bool pairs = false;  // each forward behind the warm-up, one longer, shares a slot with the backward after it
  // What schedules that search go by; one for all virtual stages, or one for each.
  std::vector<ScheduleCosts> costs = {};
  std::vector<StageMemory> memory = {};
  // pipedream: of every stage, among which micro-batches go round; empty: one of each, on a rank of its own.
  std::vector<int> replicas = {};
  bool operator==(const ScheduleRequest&) const = default;
};

// What a scenario may say beside the name of a schedule; for a .csv file, anything.
struct ScheduleTraits {
  int chunks = 0;         // model chunks a rank: exactly so many, or any (0)
  bool grouped = false;   // reads `group`
  bool limited = false;   // reads a memory limit
  bool searches = false;  // reads costs
  bool splits = false;    // runs I and W apart: its optimizer step can be post-validated
  bool may_wait = false;  // runs with sends that wait for their receives
  bool may_pair = false;  // reads `pairs`
  int versions = 1;       // of the weights: 1, pipedream-2bw 2, pipedream 0 (as many as forwards are in flight)
  int replicas = 1;       // of a stage in one pipeline: 2 where it runs from both ends
  bool flushes = true;    // else steps follow each other without an end (pipedream, pipedream-2bw)
};

struct Schedule {
  ScheduleRequest request;
  Placement placement = Placement::linear;
  SharedList<std::vector<Action>> order = {};  // by rank, compute only; of stages with replicas, by replica
  // bidirectional: so many micro-batches enter at rank 0, then as many at rank p-1, and so on.
  int turn = 0;
  ScheduleTraits traits = {};  // of its rule

  int stages() const { return request.ranks * request.chunks; }
  // Parts of the model that a rank holds; a bidirectional one holds one of each replica.
  int chunks() const { return placement == Placement::bidirectional ? 2 : request.chunks; }

  // Whether a micro-batch goes from rank p-1 to rank 0 (bidirectional).
  bool upward(int micro_batch) const {
    return placement == Placement::bidirectional && turn > 0 && micro_batch / turn % 2 == 1;
  }
  int rank_of(int stage, int micro_batch) const;
  int chunk_of(int stage, int micro_batch) const {
    if (placement == Placement::bidirectional) return upward(micro_batch) ? 1 : 0;
    return stage / request.ranks;
  }
  int stage_of(int rank, int chunk) const;
  // Of a rank's stages, and where `order` has the first of them.
  int replicas_of(int rank) const {
    return request.replicas.empty() ? 1 : request.replicas[static_cast<std::size_t>(rank)];
  }
  std::size_t list_of(int rank) const;
  // Where the activation of `stage` goes: 1 to the next rank (around the ring), -1 to the one before, 0 nowhere else.
  int step_after(int stage, int micro_batch) const;
};

// The order that `request.name` gives, or why (p, m, v, N) cannot have one. A name
// that ends in .csv is a file: read_order in notation.h.
Result<Schedule> make_schedule(const ScheduleRequest& request);

// Makes the one that was asked for last once: neighbours in a sweep ask for the same. Not to be shared among threads.
class LatestSchedule {
 public:
  Result<Schedule> make(const ScheduleRequest& request);

 private:
  std::optional<Schedule> latest_;  // not of a file, which may be another one by now
};

// Names make_schedule knows.
std::span<const std::string_view> schedule_names();

// Of a name that make_schedule knows.
ScheduleTraits schedule_traits(std::string_view name);
inline bool flushes(const Schedule& schedule) {
  return schedule.traits.flushes;
}

// Of a schedule that does not flush: micro-batches in flight on a rank between two
// steps, and versions of its weights that it holds.
int carried_over(const Schedule& schedule, int rank);
int weight_versions(const Schedule& schedule, int rank);
// And the part of its stream that repeats with every step: m forwards and m
// backwards a rank in turn, a backward of the micro-batch that entered the rank
// carried_over forwards ago. Run over and over, it is the schedule; its first
// backwards are of micro-batches before the first.
Schedule repeating_stretch(const Schedule& schedule);

// Chunks of a schedule for those who do not say how many: what it takes, or two where it takes any number above one.
int usual_chunks(std::string_view name);

// As-soon-as-possible execution of a fixed order: pure latency between ranks, no
// contention (rules in docs/schedules.md).
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
// Costs of every virtual stage (or one for all). A transfer costs what the stage it leaves says.
ScheduleTimes evaluate_by_stage(const Schedule& schedule, std::span<const ScheduleCosts> costs);

}  // namespace orrery::models
