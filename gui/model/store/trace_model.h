#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gui/model/store/arguments.h"
#include "gui/model/store/arrows.h"
#include "gui/model/store/counter.h"
#include "gui/model/store/row.h"
#include "interop/trace/rank_facts.h"

namespace orrery::gui {

// What many events have in common.
struct Kind {
  std::uint32_t name = 0;
  Arguments::ListId arguments = 0;
  std::uint16_t micro_batch = kNone;
  std::uint8_t chunk = 0;

  static constexpr std::uint16_t kNone = UINT16_MAX;
};

using Place = interop::RankPlace;

struct Process {
  std::string name, labels;  // without what is said of the place
  std::int64_t sort_index = 0;
  std::optional<std::uint32_t> rank;
  std::optional<std::uint32_t> stage;  // of the pipeline, where the labels say it
  std::optional<Place> place;          // in the job, where the labels say it
};

// A stream or thread: its rows are its nesting levels, outermost first.
struct Track {
  std::uint32_t process = 0;
  std::string name;
  std::int64_t sort_index = 0;
  std::uint32_t first_row = 0, rows = 0;

  // Ours that names what the streams below it do: no time of its own.
  bool is_overview() const { return is_overview(name); }
  static bool is_overview(std::string_view name) { return name == "schedule"; }
};

// A trace in memory. It never changes, so a thread may ask while another paints;
// while a file is being read, a new one takes the place of the one before.
class TraceModel {
 public:
  struct Parts {
    std::vector<Process> processes;  // in order of display
    std::vector<Track> tracks;       // by process, in order of display
    std::vector<Row> rows;           // by track
    std::vector<std::uint32_t> track_of_row;
    std::vector<Counter> counters;  // by process
    std::vector<Kind> kinds;
    std::vector<EventClass> class_of_kind;
    std::vector<std::string> names;
    Arguments arguments;
    Arrows arrows;
    std::uint64_t skipped = 0;  // broken events of the file
    std::vector<std::string> first_skipped;
  };

  TraceModel() : TraceModel(Parts()) {}
  explicit TraceModel(Parts parts);

  const std::vector<Process>& processes() const { return parts_.processes; }
  const std::vector<Track>& tracks() const { return parts_.tracks; }
  const std::vector<Row>& rows() const { return parts_.rows; }
  const std::vector<Counter>& counters() const { return parts_.counters; }
  const std::vector<Kind>& kinds() const { return parts_.kinds; }
  const std::vector<EventClass>& class_of_kind() const { return parts_.class_of_kind; }
  const std::vector<std::string>& names() const { return parts_.names; }
  const Arrows& arrows() const { return parts_.arrows; }
  const Parts& parts() const { return parts_; }

  std::uint64_t events() const { return events_; }
  std::size_t bytes() const;
  TimeRange extent() const { return extent_; }  // from the first event to the end of the last

  // The first track of a process, and the one behind its last.
  std::pair<std::uint32_t, std::uint32_t> tracks_of(std::uint32_t process) const;

  // Of one event.
  const Row& row(EventRef e) const { return parts_.rows[e.row]; }
  const Kind& kind(EventRef e) const { return parts_.kinds[row(e)[e.index].kind]; }
  const std::string& name(EventRef e) const { return parts_.names[kind(e).name]; }
  EventClass class_of(EventRef e) const { return parts_.class_of_kind[row(e)[e.index].kind]; }
  TimeRange range(EventRef e) const { return row(e).range(e.index); }
  std::vector<Arguments::Argument> arguments(EventRef e) const { return parts_.arguments.list(kind(e).arguments); }
  std::optional<std::int64_t> number(EventRef e, std::string_view key) const;  // of its arguments

  // Where it is.
  std::uint32_t track_of(EventRef e) const { return parts_.track_of_row[e.row]; }
  const Track& track(EventRef e) const { return parts_.tracks[track_of(e)]; }
  const Process& process(EventRef e) const { return parts_.processes[track(e).process]; }
  // The innermost event of a track at a time.
  EventRef innermost(std::uint32_t track, Ns when) const;
  // Neighbours in the same row, or none.
  EventRef next(EventRef e) const;
  EventRef previous(EventRef e) const;

 private:
  Parts parts_;
  std::uint64_t events_ = 0;
  TimeRange extent_;
};

}  // namespace orrery::gui
