// What a compute stream does between its kernels: it waits, and for what.
#include <map>

#include "gui/model/store/build/trace_builder.h"

namespace orrery::gui {
namespace {

// Simulated time is in picoseconds and shown in nanoseconds.
constexpr Ns kRounding = 2;
constexpr std::uint32_t kNobody = UINT32_MAX;

// The kind of the event that ended as the wait did: what it was that was waited for.
std::uint32_t ended_at(const std::vector<Row>& rows, TimeRange wait) {
  std::uint32_t kind = kNobody;
  Ns longest = 0;
  for (const Row& row : rows) {
    const std::uint32_t next = row.first_starting_from(wait.end);
    if (next == 0) continue;
    const Ns end = row.end(next - 1), length = end - row.start(next - 1);
    if (end < wait.end - kRounding || end > wait.end + kRounding || length <= longest) continue;
    kind = row[next - 1].kind;
    longest = length;
  }
  return kind;
}

}  // namespace

// Only where the trace knows schedules: between kernels of any other there is
// nothing that says what a stream waits for.
void TraceBuilder::add_bubbles(const TraceModel::Parts& parts, const std::vector<std::uint32_t>& order) {
  struct Streams {
    std::uint32_t compute = kNobody;
    bool has_schedule = false;
    std::vector<std::uint32_t> transfers;
  };
  std::vector<Streams> streams(parts.processes.size());
  for (const std::uint32_t i : order) {
    Streams& of = streams[process_place_[tracks_[i].process]];
    if (tracks_[i].name == "compute")
      of.compute = i;
    else if (tracks_[i].name == "schedule")
      of.has_schedule = true;
    else
      of.transfers.push_back(i);
  }
  std::map<std::pair<std::string, EventClass>, std::uint32_t> waits;
  const auto wait_kind = [&](std::uint32_t cause) {
    const EventClass of = cause == kNobody ? EventClass::bubble : class_of_kind_[cause];
    // Within a stage one waits for its own transfers, all else is for another stage.
    const bool pipeline = !is_communication(of) || of == EventClass::pp;
    const EventClass is = pipeline ? EventClass::bubble : EventClass::exposed;
    const std::string what = cause == kNobody ? "idle" : "waiting: " + names_[kinds_[cause].name];
    const auto [at, fresh] = waits.try_emplace({what, is}, 0);
    if (fresh) at->second = derived_kind(what, is);
    return at->second;
  };
  std::erase_if(streams, [](const Streams& of) { return !of.has_schedule || of.compute == kNobody; });
  for (const Wait& wait : waits_) add_event(wait.track, wait.range.begin, wait.range.length(), wait_kind(wait.kind));
  // A rank that begins late or ends early was idle meanwhile.
  TimeRange job{INT64_MAX, INT64_MIN};
  for (const Streams& of : streams) {
    const TimeRange extent = events_of_[of.compute].extent();
    job = {std::min(job.begin, extent.begin), std::max(job.end, extent.end)};
  }
  for (const Streams& of : streams) {
    const std::vector<TimeRange> gaps = events_of_[of.compute].gaps(job);
    if (gaps.empty()) continue;
    std::vector<Row> rows;
    for (const std::uint32_t i : of.transfers) {
      RowBuilder copy = events_of_[i];
      for (Row& row : copy.finish(class_of_kind_)) rows.push_back(std::move(row));
    }
    for (const TimeRange& gap : gaps) {
      add_event(of.compute, gap.begin, gap.length(), wait_kind(ended_at(rows, gap)));
    }
  }
}

}  // namespace orrery::gui
