#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/trace/read/trace_visitor.h"

namespace orrery::interop {

// Passes on what it is told, but processes, tracks and counters only once
// something happens on them: a part of a trace has only what it shows. They get
// ids of their own, without gaps.
class OnlyUsed final : public TraceVisitor {
 public:
  using KeepGoing = std::function<bool(const TraceProgress&)>;
  OnlyUsed(TraceVisitor& to, KeepGoing keep_going) : to_(to), keep_going_(std::move(keep_going)) {}

  void zero(std::int64_t clock_ns) override { to_.zero(clock_ns); }
  void name(TraceNameId id, std::string_view text) override { to_.name(id, text); }
  void process(const TraceProcess& process) override;
  void track(const TraceTrack& track) override;
  void counter(const TraceCounter& counter) override;
  void slice(const TraceSlice& slice) override { to_.slice(on_used_track(slice)); }
  void instant(const TraceSlice& instant) override { to_.instant(on_used_track(instant)); }
  void count(TraceCounterId counter, Time when, double value) override { to_.count(used(counter), when, value); }
  void flow(const TraceFlowPoint& point) override;
  void skipped(std::string_view reason, std::uint64_t at) override { to_.skipped(reason, at); }
  bool keep_going(const TraceProgress& progress) override { return !keep_going_ || keep_going_(progress); }

 private:
  // What was told of one, and the id under which it was passed on.
  template <class Told, class IdType>
  struct Kept {
    Told told;
    std::string name, more, unit;  // what `told` views
    IdType passed_as = IdType::none();
  };

  TraceSlice on_used_track(TraceSlice slice);
  TraceProcessId used(TraceProcessId id);
  TraceTrackId used(TraceTrackId id);
  TraceCounterId used(TraceCounterId id);
  void pass(TraceProcessId id);
  void pass(TraceTrackId id);

  TraceVisitor& to_;
  KeepGoing keep_going_;
  std::vector<Kept<TraceProcess, TraceProcessId>> processes_;
  std::vector<Kept<TraceTrack, TraceTrackId>> tracks_;
  std::vector<Kept<TraceCounter, TraceCounterId>> counters_;
  std::uint32_t passed_processes_ = 0, passed_tracks_ = 0, passed_counters_ = 0;
};

}  // namespace orrery::interop
