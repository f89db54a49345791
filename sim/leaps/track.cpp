#include "sim/leaps/track.h"

#include <array>
#include <limits>

#include "sim/account/action_digest.h"
#include "sim/coalesce/coalesce.h"

namespace orrery::sim {
namespace {

constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // ps, of a stream

}  // namespace

// Goes over a stream once, leg by leg.
class Track::Writer {
 public:
  Writer(const LeapProgram& program, Track& track) : program_(program), track_(track) { waited_.fill(0); }

  void write() {
    for (OpIndex op = 0; op < track_.size();) op = is_local(kind(op)) ? local_op(op) : transfers(op);
    if (!pending_.empty()) {
      if (!is_open()) open(track_.size());
      flush();
    }
    close();
  }

 private:
  OpKind kind(OpIndex op) const { return track_.ops_[op].kind; }
  Leg& leg() { return track_.legs_.back(); }

  OpIndex local_op(OpIndex i) {
    const Op& op = track_.ops_[i];
    if (has_to_wait(op)) {
      open(i);
      wait(op);
    } else if (!is_open()) {
      open(i);
    }
    if (op.kind == OpKind::marker) {
      mark(i);
    } else if (program_.has_kernels(op)) {
      flush();
    }
    std::int64_t cost = program_.cost_of(op);
    if (cost > kLongest - track_.sums_[i]) track_.too_long_ = true, cost = 0;
    leg().cost += cost;
    pass(i, cost);
    return i + 1;
  }

  OpIndex transfers(OpIndex begin) {
    const OpIndex end = is_point_to_point(kind(begin)) ? group_end(track_.ops_, begin) : begin + 1;
    open(begin);
    flush();
    for (OpIndex i = begin; i < end; ++i) {
      if (has_to_wait(track_.ops_[i])) wait(track_.ops_[i]);
      if (!is_local(kind(i))) ++leg().transfers;
      pass(i, 0);
    }
    return end;
  }

  // A leg of local ops.
  bool is_open() const { return !track_.legs_.empty() && track_.legs_.back().transfers == 0; }
  void open(OpIndex begin) {
    close();
    const auto wait = static_cast<std::uint32_t>(track_.waits_.size());
    const auto mark = static_cast<std::uint32_t>(track_.marks_.size());
    track_.legs_.push_back({begin, begin, wait, wait, mark, mark, 0, 0});
  }
  void close() {
    if (track_.legs_.empty()) return;
    leg().end_wait = static_cast<std::uint32_t>(track_.waits_.size());
    leg().end_mark = static_cast<std::uint32_t>(track_.marks_.size());
  }
  void pass(OpIndex op, std::int64_t cost) {
    track_.leg_of_[op] = static_cast<std::uint32_t>(track_.legs_.size() - 1);
    track_.sums_[op + 1] = track_.sums_[op] + cost;
    leg().end = op + 1;
  }

  // Not for what the stream has waited for before.
  bool has_to_wait(const Op& op) const {
    return op.waits() && (op.on_previous_step() || op.after >= waited_[op.after_stream]);
  }
  void wait(const Op& op) {
    track_.waits_.push_back({op.after_stream, op.on_previous_step(), op.after, 0, {}});
    if (!op.on_previous_step()) waited_[op.after_stream] = op.after + 1;
  }

  // An action begins when the next op that takes time does, or at its end marker; and ends there.
  void mark(OpIndex op) {
    const Marker::Kind marker = program_.program->markers[static_cast<std::size_t>(track_.ops_[op].payload)].kind;
    if (marker != Marker::Kind::action_begin && marker != Marker::Kind::action_end) return;
    pending_.push_back(op);
    if (marker == Marker::Kind::action_end) flush();
  }
  void flush() {
    for (const OpIndex op : pending_)
      track_.marks_.push_back({word_of(program_.program->markers[static_cast<std::size_t>(track_.ops_[op].payload)]),
                               Duration::ps(leg().cost)});
    pending_.clear();
  }

  const LeapProgram& program_;
  Track& track_;
  std::vector<OpIndex> pending_;  // action markers that nothing has followed yet
  std::array<OpIndex, std::numeric_limits<StreamIndex>::max() + 1u> waited_;  // by stream: ops, in this step
};

Track::Track(const LeapProgram& program, std::span<const Op> ops)
    : ops_(ops), leg_of_(ops.size()), sums_(ops.size() + 1) {
  Writer(program, *this).write();
}

bool Track::find_awaited(std::span<const Track> tracks) {
  for (Wait& wait : waits_) {
    if (wait.stream >= tracks.size() || wait.op >= tracks[wait.stream].size()) return false;
    wait.leg = tracks[wait.stream].leg_of(wait.op);
    wait.before = tracks[wait.stream].behind(wait.op);
  }
  return !too_long_;
}

}  // namespace orrery::sim
