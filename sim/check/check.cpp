#include "sim/check/check.h"

#include "sim/calls.h"
#include "sim/check/parts.h"
#include "sim/fold/fold.h"
#include "sim/fold/memory.h"

namespace orrery::sim {

namespace {

std::string_view word_for(OpKind kind) {
  switch (kind) {
    case OpKind::kernel:
      return "kernel";
    case OpKind::collective:
      return "collective";
    case OpKind::send:
      return "send";
    case OpKind::receive:
      return "receive";
    case OpKind::copy:
      return "copy";
    case OpKind::allocate:
      return "allocate";
    case OpKind::free:
      return "free";
    case OpKind::marker:
      return "marker";
    case OpKind::wait:
      return "wait";
    case OpKind::call:
      return "call";
  }
  return "op";
}

// What the program's writer called it; "all_gather" where it has no name.
std::string label_of(const Program& program, StreamIndex stream, OpIndex op) {
  const Stream& in = program.streams[stream];
  if (op < in.notes.size() && in.notes[op].label < program.labels.size()) {
    const std::string& label = program.labels[in.notes[op].label];
    if (!label.empty()) return label;
  }
  const Op& what = in.ops[op];
  const auto transfer = static_cast<std::size_t>(what.payload);
  if (what.kind == OpKind::collective && transfer < program.transfers.size()) {
    return std::string(to_string(program.transfers[transfer].kind));
  }
  return "";
}

std::string with_label(std::string_view word, const std::string& label) {
  if (label.empty() || label == word) return std::string(word);
  return std::string(word) + " '" + label + "'";
}

// Transfers that take no time and load no links.
class NoNetwork : public TransferPlanner {
 public:
  const TransferPlan& plan(const TransferRequest&) const override { return nothing_; }
  std::string algorithm_name(std::uint32_t) const override { return ""; }

 private:
  TransferPlan nothing_;
};

// Who meets whom, and whether anybody waits for ever, has nothing to do with times
// or links. Without those, ranks fold into few classes, and what is right for the
// classes is right for their members (fold.cpp). What is wrong is told of ranks, so
// it is looked for among them.
bool classes_are_right(const Workload& workload, bool waits_too) {
  constexpr std::size_t kFewRanks = 64;  // folding would cost more than it saves
  if (workload.ranks() <= kFewRanks) return false;
  Workload bare = workload;
  bare.planner = std::make_shared<NoNetwork>();
  const Folded folded = fold(bare);
  if (folded.workload.ranks() == workload.ranks()) return false;
  Faults faults;
  check_meetings(folded.workload, faults);
  if (waits_too && faults.none()) check_waits(folded.workload, faults);
  return faults.none();
}

Errors check(const Workload& workload, bool waits_too) {
  Faults faults;
  check_tables(workload, faults);
  if (faults.none()) check_programs(workload, faults);
  if (faults.none() && has_calls(workload)) return check(written_out(workload), waits_too);
  if (faults.none() && classes_are_right(workload, waits_too)) return {};
  if (faults.none()) check_meetings(workload, faults);
  if (waits_too && faults.none()) check_waits(workload, faults);
  return std::move(faults).finish();
}

}  // namespace

Errors check(const Workload& workload) {
  return check(workload, true);
}

Errors check_before_run(const Workload& workload) {
  return check(workload, false);
}

Errors check_before_run(const Folded& folded, const Workload& full, FoldMemory* memory) {
  if (folded.workload.ranks() == full.ranks()) return check_before_run(folded.workload);
  if (memory != nullptr && memory->agrees(folded)) return {};
  Faults faults;
  check_meetings(folded.workload, faults);
  if (memory != nullptr && faults.none()) memory->keep_agreed(folded);
  // Of calls it can be told that all is well, but not always what is wrong.
  if (!faults.none() && has_calls(full)) return check_before_run(written_out(full));
  return std::move(faults).finish();
}

Errors Faults::finish() && {
  if (found_ > kMost) errors_.push_back({.where = {}, .what = "and " + std::to_string(found_ - kMost) + " more"});
  return std::move(errors_);
}

OpIndex end_of_group(const std::vector<Op>& ops, OpIndex first) {
  while (ops[first].grouped_with_next()) {
    OpIndex next = first + 1;
    while (next < ops.size() && ops[next].kind == OpKind::wait) ++next;
    if (next >= ops.size() || !is_pair(ops[next].kind)) break;
    first = next;
  }
  return first + 1;
}

std::string describe(const Workload& workload, RankId rank, StreamIndex stream, OpIndex op) {
  const Program& program = workload.programs[workload.program_of[rank]];
  const std::string what =
      program.streams[stream].ops.size() <= op ? std::string("(its end)") : "'" + label_of(program, stream, op) + "'";
  if (what != "''")
    return program.name + ", stream " + program.streams[stream].name + ", op " + std::to_string(op) + " " + what;
  return program.name + ", stream " + program.streams[stream].name + ", op " + std::to_string(op) + " (" +
         std::string(word_for(program.streams[stream].ops[op].kind)) + ")";
}

std::string name_of(const Workload& workload, RankId rank) {
  return "rank " + std::to_string(rank.value) + " (" + workload.programs[workload.program_of[rank]].name + ")";
}

std::string name_of(const Program& program, StreamIndex stream, OpIndex op) {
  const Stream& in = program.streams[stream];
  return with_label(word_for(in.ops[op].kind), label_of(program, stream, op)) + " (op " + std::to_string(op) +
         " of stream " + in.name + ")";
}

}  // namespace orrery::sim
