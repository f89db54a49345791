#pragma once

#include <string>
#include <utility>

#include "sim/base/result.h"
#include "sim/workload.h"

// The parts of check(), in the order in which they run: each may rely on those
// before it having found nothing.
namespace orrery::sim {

// Collects what is wrong, up to a number that a person can read.
class Faults {
 public:
  static constexpr std::size_t kMost = 20;

  // Takes the words as a function, so that the hundred-thousandth fault of a kind costs nothing.
  template <class Words>
  void add(Words&& words) {
    if (found_++ < kMost) errors_.push_back({.where = {}, .what = std::forward<Words>(words)()});
  }
  bool none() const { return found_ == 0; }
  Errors finish() &&;

 private:
  Errors errors_;
  std::size_t found_ = 0;
};

// Every index of every table points at something, every op makes sense by itself.
void check_tables(const Workload& workload, Faults& faults);
void check_programs(const Workload& workload, Faults& faults);

// What every rank sends is received and the other way round; the members of a
// group issue the same collectives in the same order.
void check_meetings(const Workload& workload, Faults& faults);

// Nobody waits in a circle: found by running the programs without time.
void check_waits(const Workload& workload, Faults& faults);

inline bool is_pair(OpKind kind) {
  return kind == OpKind::send || kind == OpKind::receive;
}

// One past the group of sends and receives that starts at `first`. The second
// dependency of one that is grouped stands before it, as a wait inside the group.
OpIndex end_of_group(const std::vector<Op>& ops, OpIndex first);

// "rank 3 (stage 1)".
std::string name_of(const Workload& workload, RankId rank);
// "send 'F3.0' (op 12 of stream pp)".
std::string name_of(const Program& program, StreamIndex stream, OpIndex op);

}  // namespace orrery::sim
