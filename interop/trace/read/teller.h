#pragma once

#include <deque>
#include <string>
#include <vector>

#include "interop/trace/read/read_trace.h"
#include "interop/trace/read/zero_finder.h"
#include "sim/hash_index.h"

namespace orrery::interop {

struct ProcessInfo {
  std::int64_t pid = 0;
  std::string name, labels;
  std::int64_t sort_index = 0;
  std::optional<std::uint32_t> rank;  // where the file says it apart from the name "rank 17"
};
struct TrackInfo {
  TraceProcessId process;
  std::int64_t tid = 0;
  std::string name;
  std::int64_t sort_index = 0;
  TraceTrackId parent = TraceTrackId::none();
};

// What readers of every format share between what stands in the file and the
// visitor: ids, names, the clock's zero, who is left out, what was broken.
// `at` is the byte of the unfolded file that an event stands at.
class TraceTeller {
 public:
  TraceTeller(std::string file, TraceVisitor& visitor, const TraceReadOptions& options, ClockTime zero)
      : file_(std::move(file)), visitor_(visitor), options_(options), zero_(zero) {}

  // Makes this the first pass: it ends when the finder knows enough. A reader may
  // then show the times of events alone.
  void find_zero(ZeroFinder& finder) { finder_ = &finder; }

  bool only_finds_zero() const { return finder_ != nullptr; }
  void see(ClockTime when) { finder_->see(when); }

  // Of a name that the file spells in any bytes.
  TraceNameId name(std::string_view text);
  std::string_view text(TraceNameId id) const { return names_.empty() ? std::string_view() : names_[id.value]; }

  // None when the trace has more of them than anyone could look at; that ends the reading.
  std::optional<TraceProcessId> add(ProcessInfo info);
  std::optional<TraceTrackId> add(TrackInfo info);
  std::optional<TraceCounterId> counter(TraceProcessId process, std::string_view name, std::string_view series,
                                        std::string_view unit);
  const ProcessInfo& info(TraceProcessId id) const { return processes_[id.value]; }
  const TrackInfo& info(TraceTrackId id) const { return tracks_[id.value]; }
  bool has(TraceProcessId id) const { return id.value < processes_.size(); }
  bool has(TraceTrackId id) const { return id.value < tracks_.size(); }
  void change(TraceProcessId id, ProcessInfo info);
  void change(TraceTrackId id, TrackInfo info);
  // The file is one rank's: said of every process, those to come as well.
  void all_are_of(std::uint32_t rank);
  std::optional<std::uint32_t> rank_of_all() const { return rank_of_all_; }

  void slice(TraceTrackId track, ClockTime start, ClockTime end, TraceNameId name, TraceNameId category,
             TraceArguments arguments, std::uint64_t at);
  void instant(TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category, TraceArguments arguments,
               std::uint64_t at);
  void count(TraceCounterId counter, ClockTime when, double value, std::uint64_t at);
  void flow(std::uint64_t id, TraceFlowPoint::Kind kind, TraceTrackId track, ClockTime when, bool next_slice,
            std::uint64_t at);

  // All has been read: what counters stood at when the window opened, and still did at its end.
  void finish();

  void skip(std::string_view reason, std::uint64_t at);
  // False: the reader is to end, because it was told to or because nothing more needs to be known.
  bool keep_going(const TraceProgress& progress);
  // The last moment that was told of, on the file's clock.
  ClockTime latest() const { return zero_ + latest_.count_ps(); }
  TraceSummary& summary() { return summary_; }

 private:
  struct Counter {
    TraceProcessId process;
    std::string name, series;
    // What it stood at when the window opens, until that is told.
    bool waiting = false;
    Time since;
    double value = 0;
  };

  TraceNameId add_name(std::string_view text);
  void tell(TraceProcessId id);
  void tell(TraceTrackId id);
  bool shows(TraceProcessId process) const;
  bool shows(TraceTrackId track) const { return shows(tracks_[track.value].process); }
  // On the trace's clock; none (and told of) where no run could reach it.
  std::optional<Time> time(ClockTime t, std::uint64_t at);

  std::string file_;
  TraceVisitor& visitor_;
  const TraceReadOptions& options_;
  ClockTime zero_;
  ZeroFinder* finder_ = nullptr;
  TraceSummary summary_;
  Time latest_;
  bool full_ = false;

  sim::HashIndex name_index_, counter_index_;
  std::deque<std::string> spelled_;  // as in the file: what is looked up
  std::deque<std::string> names_;    // as told
  std::size_t names_bytes_ = 0;
  std::vector<ProcessInfo> processes_;
  std::vector<TrackInfo> tracks_;
  std::vector<Counter> counters_;
  std::optional<std::uint32_t> rank_of_all_;
};

}  // namespace orrery::interop
