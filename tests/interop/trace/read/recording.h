#pragma once

#include <map>
#include <string>
#include <vector>

#include "interop/trace/read/read_bytes.h"

namespace orrery::interop {

// Everything that a reader tells, with names in place of ids.
struct Recording final : TraceVisitor {
  struct Slice {
    std::string process, track, name, category;
    std::int64_t start_ps = 0, duration_ps = 0;
    std::map<std::string, std::string> arguments;
    auto operator<=>(const Slice&) const = default;
  };
  struct Count {
    std::string process, name, series, unit;
    std::int64_t when_ps = 0;
    double value = 0;
    auto operator<=>(const Count&) const = default;
  };
  struct Process {
    std::int64_t pid = 0;
    std::string name, labels;
    std::int64_t sort_index = 0;
    std::optional<std::uint32_t> rank;
  };
  struct Track {
    TraceProcessId process;
    std::int64_t tid = 0;
    std::string name;
    std::int64_t sort_index = 0;
  };
  struct Counter {
    TraceProcessId process;
    std::string name, series, unit;
  };

  void zero(std::int64_t clock_ns) override { zero_ns = clock_ns; }
  void name(TraceNameId id, std::string_view text) override {
    EXPECT_EQ(id.value, names.size());
    names.emplace_back(text);
  }
  void process(const TraceProcess& p) override {
    at(processes, p.id.value) = {p.pid, std::string(p.name), std::string(p.labels), p.sort_index, p.rank};
  }
  void track(const TraceTrack& t) override {
    EXPECT_LT(t.process.value, processes.size());
    at(tracks, t.id.value) = {t.process, t.tid, std::string(t.name), t.sort_index};
  }
  void counter(const TraceCounter& c) override {
    at(counters, c.id.value) = {c.process, std::string(c.name), std::string(c.series), std::string(c.unit)};
  }
  void slice(const TraceSlice& s) override { slices.push_back(named(s)); }
  void instant(const TraceSlice& s) override { instants.push_back(named(s)); }
  void count(TraceCounterId id, Time when, double value) override {
    const Counter& c = counters.at(id.value);
    counts.push_back({processes[c.process.value].name, c.name, c.series, c.unit, when.count_ps(), value});
  }
  void flow(const TraceFlowPoint& point) override { flows.push_back(point); }
  void skipped(std::string_view reason, std::uint64_t) override { reasons.emplace_back(reason); }
  bool keep_going(const TraceProgress& progress) override {
    EXPECT_LE(progress.bytes, progress.total);
    return asked++ < may_ask;
  }

  // The slice that an end of an arrow belongs to.
  std::string slice_of(const TraceFlowPoint& point) const {
    const std::string track = tracks[point.track.value].name;
    const std::string process = processes[tracks[point.track.value].process.value].name;
    const Slice* best = nullptr;
    for (const Slice& s : slices) {
      if (s.track != track || s.process != process) continue;
      const std::int64_t when = point.when.count_ps(), end = s.start_ps + s.duration_ps;
      if (point.next_slice ? s.start_ps >= when && (!best || s.start_ps < best->start_ps)
                           : s.start_ps <= when && when <= end && (!best || s.duration_ps < best->duration_ps))
        best = &s;
    }
    return best ? process + "/" + track + "/" + best->name : "none";
  }

  std::vector<std::string> names, reasons;
  std::vector<Process> processes;
  std::vector<Track> tracks;
  std::vector<Counter> counters;
  std::vector<Slice> slices, instants;
  std::vector<Count> counts;
  std::vector<TraceFlowPoint> flows;
  std::int64_t zero_ns = 0;
  std::size_t asked = 0, may_ask = SIZE_MAX;

 private:
  template <class T>
  static T& at(std::vector<T>& list, std::size_t i) {
    EXPECT_LE(i, list.size());  // ids come without gaps
    if (i == list.size()) list.emplace_back();
    return list[i];
  }
  static std::string text(const TraceArgument& argument) {
    struct Text {
      std::string operator()(std::int64_t n) const { return std::to_string(n); }
      std::string operator()(double x) const { return std::to_string(x); }
      std::string operator()(bool b) const { return b ? "true" : "false"; }
      std::string operator()(std::string_view t) const { return std::string(t); }
      std::string operator()(TraceJson j) const { return std::string(j.text); }
    };
    return std::visit(Text(), argument.value);
  }
  Slice named(const TraceSlice& s) const {
    const Track& track = tracks.at(s.track.value);
    Slice named{processes.at(track.process.value).name,
                track.name,
                names.at(s.name.value),
                names.at(s.category.value),
                s.start.count_ps(),
                s.duration.count_ps(),
                {}};
    for (const TraceArgument& argument : s.arguments) named.arguments[std::string(argument.key)] = text(argument);
    return named;
  }
};

inline Result<TraceSummary> read_bytes(std::string_view bytes, TraceVisitor& visitor,
                                       const TraceReadOptions& options = {}) {
  return read_trace([bytes] { return Result<std::unique_ptr<ByteSource>>(bytes_of(bytes)); }, "trace.json", visitor,
                    options);
}

}  // namespace orrery::interop
