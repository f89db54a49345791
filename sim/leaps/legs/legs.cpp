#include "sim/leaps/legs/legs.h"

#include <array>
#include <limits>

#include "sim/account/action_digest.h"
#include "sim/coalesce/coalesce.h"

namespace orrery::sim {

// Goes over a stream once, leg by leg.
class Legs::Writer {
 public:
  Writer(const LeapProgram& program, std::span<const Op> ops, Legs& legs) : program_(program), ops_(ops), to_(legs) {
    waited_.fill(0);
  }

  void write() {
    const auto size = static_cast<OpIndex>(ops_.size());
    for (OpIndex op = 0; op < size;) op = is_local(op) ? local_op(op) : transfers(op);
    if (!pending_.empty()) {
      if (!is_open()) open(size);
      flush(size);
    }
    close();
  }

 private:
  OpKind kind(OpIndex op) const { return ops_[op].kind; }
  bool is_local(OpIndex op) const { return program_.is_local(ops_[op]); }
  Leg& leg() { return to_.legs_.back(); }

  OpIndex local_op(OpIndex i) {
    const Op& op = ops_[i];
    if (has_to_wait(op)) {
      open(i);
      wait(op);
    } else if (!is_open()) {
      open(i);
    }
    if (op.kind == OpKind::marker) {
      mark(i);
    } else if (program_.has_kernels(op)) {
      flush(i);
    }
    pass(i);
    return i + 1;
  }

  OpIndex transfers(OpIndex begin) {
    const OpIndex end = is_point_to_point(kind(begin)) ? group_end(ops_, begin) : begin + 1;
    open(begin);
    leg().category = ops_[begin].category;
    flush(begin);
    for (OpIndex i = begin; i < end; ++i) {
      if (has_to_wait(ops_[i])) wait(ops_[i]);
      if (!is_local(i)) ++leg().transfers;
      pass(i);
    }
    return end;
  }

  // A leg of local ops.
  bool is_open() const { return !to_.legs_.empty() && to_.legs_.back().transfers == 0; }
  void open(OpIndex begin) {
    close();
    const auto wait = static_cast<std::uint32_t>(to_.waits_.size());
    const auto mark = static_cast<std::uint32_t>(to_.marks_.size());
    to_.legs_.push_back({begin, begin, {}, wait, wait, mark, mark, 0, 0});
  }
  void close() {
    if (to_.legs_.empty()) return;
    leg().timed = to_.timed(leg().begin, leg().end);
    leg().end_wait = static_cast<std::uint32_t>(to_.waits_.size());
    leg().end_mark = static_cast<std::uint32_t>(to_.marks_.size());
  }
  void pass(OpIndex op) {
    to_.leg_of_[op] = static_cast<std::uint32_t>(to_.legs_.size() - 1);
    leg().end = op + 1;
  }

  // Not for what the stream has waited for before.
  bool has_to_wait(const Op& op) const {
    return op.waits() && (op.on_previous_step() || op.after >= waited_[op.after_stream]);
  }
  void wait(const Op& op) {
    to_.waits_.push_back({op.after_stream, op.on_previous_step(), op.after, 0, 0, {}});
    if (!op.on_previous_step()) waited_[op.after_stream] = op.after + 1;
  }

  // An action begins when the next op that takes time does, or at its end marker; and ends there.
  void mark(OpIndex op) {
    const Marker::Kind marker = program_.program->markers[static_cast<std::size_t>(ops_[op].payload)].kind;
    if (marker != Marker::Kind::action_begin && marker != Marker::Kind::action_end) return;
    pending_.push_back(op);
    if (marker == Marker::Kind::action_end) flush(op);
  }
  void flush(OpIndex at) {
    for (const OpIndex op : pending_)
      to_.marks_.push_back(
          {word_of(program_.program->markers[static_cast<std::size_t>(ops_[op].payload)]), to_.timed(leg().begin, at)});
    pending_.clear();
  }

  const LeapProgram& program_;
  const std::span<const Op> ops_;
  Legs& to_;
  std::vector<OpIndex> pending_;  // action markers that nothing has followed yet
  std::array<OpIndex, std::numeric_limits<StreamIndex>::max() + 1u> waited_;  // by stream: ops, in this step
};

Legs::Legs(const LeapProgram& program, std::span<const Op> ops, const Places& before)
    : before_(before), leg_of_(ops.size()) {
  find_timed(program, ops);
  Writer(program, ops, *this).write();
}

void Legs::find_timed(const LeapProgram& program, std::span<const Op> ops) {
  timed_before_.reserve(ops.size() + 1);
  for (OpIndex op = 0; op < ops.size(); ++op) {
    timed_before_.push_back(before_.timed + static_cast<std::uint32_t>(timed_.size()));
    if (program.has_kernels(ops[op])) timed_.push_back(op);
  }
  timed_before_.push_back(before_.timed + static_cast<std::uint32_t>(timed_.size()));
}

bool Legs::find_awaited(std::span<const Legs> streams) {
  for (Wait& wait : waits_) {
    if (wait.stream >= streams.size() || wait.op >= streams[wait.stream].leg_of_.size()) return false;
    const Legs& other = streams[wait.stream];
    wait.leg = other.leg_of(wait.op);
    wait.end = static_cast<std::int32_t>(other.end_of(wait.leg)) -
               static_cast<std::int32_t>(wait.previous_step ? streams.back().places().ends : 0);
    wait.behind = other.behind(wait.op);
  }
  return true;
}

}  // namespace orrery::sim
