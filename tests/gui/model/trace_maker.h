#pragma once

#include <string>
#include <vector>

#include "gui/model/store/build/trace_builder.h"

namespace orrery::gui {

// Writes traces for tests, in microseconds, as a reader would tell of them.
class TraceMaker {
 public:
  std::uint32_t process(const std::string& name, const std::string& labels = "", std::int64_t sort = 0) {
    interop::TraceProcess process;
    process.id = {processes_++};
    process.name = name, process.labels = labels, process.sort_index = sort;
    if (name.starts_with("rank ")) process.rank = static_cast<std::uint32_t>(std::stoul(name.substr(5)));
    builder.process(process);
    return process.id.value;
  }
  std::uint32_t track(std::uint32_t process, const std::string& name) {
    interop::TraceTrack track;
    track.id = {tracks_++}, track.process = {process};
    track.name = name, track.sort_index = track.id.value;
    builder.track(track);
    return track.id.value;
  }
  void slice(std::uint32_t track, std::int64_t start_us, std::int64_t duration_us, const std::string& name = "x",
             const std::string& category = "compute", const std::vector<interop::TraceArgument>& arguments = {}) {
    interop::TraceSlice slice;
    slice.track = {track};
    slice.start = us(start_us), slice.duration = Duration::us(duration_us);
    slice.name = id(name), slice.category = id(category), slice.arguments = arguments;
    builder.slice(slice);
  }
  void flow(std::uint64_t id, interop::TraceFlowPoint::Kind kind, std::uint32_t track, std::int64_t when_us,
            bool next_slice = false) {
    builder.flow({id, kind, {track}, us(when_us), next_slice});
  }
  std::uint32_t counter(std::uint32_t process, const std::string& name, const std::string& series) {
    builder.counter({{counters_}, {process}, name, series, "bytes"});
    return counters_++;
  }
  void count(std::uint32_t counter, std::int64_t when_us, double value) {
    builder.count({counter}, us(when_us), value);
  }
  interop::TraceNameId id(const std::string& text) {
    for (std::uint32_t i = 0; i < names_.size(); ++i)
      if (names_[i] == text) return {i};
    names_.push_back(text);
    const interop::TraceNameId id{static_cast<std::uint32_t>(names_.size() - 1)};
    builder.name(id, text);
    return id;
  }
  static Time us(std::int64_t n) { return Time::at(Duration::us(n)); }

  std::shared_ptr<const TraceModel> finish() { return builder.finish(); }

  TraceBuilder builder;

 private:
  std::uint32_t processes_ = 0, tracks_ = 0, counters_ = 0;
  std::vector<std::string> names_ = {""};
};

}  // namespace orrery::gui
