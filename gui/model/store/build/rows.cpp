// What of a trace is shown in which order: processes, and the rows of their tracks.
#include <algorithm>

#include "gui/model/store/build/trace_builder.h"

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;

}  // namespace

// Those that have something to show, by sort index.
void TraceBuilder::order_processes(TraceModel::Parts& parts) {
  std::vector<bool> shows(processes_.size(), false);
  for (std::size_t i = 0; i < tracks_.size(); ++i)
    if (events_of_[i].size() > 0) shows[tracks_[i].process] = true;
  for (const DeclaredCounter& counter : counters_)
    if (!counter.times.empty()) shows[counter.process] = true;

  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < processes_.size(); ++i)
    if (shows[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return processes_[a].sort_index < processes_[b].sort_index;
  });
  process_place_.assign(processes_.size(), kNowhere);
  for (const std::uint32_t i : order) {
    process_place_[i] = static_cast<std::uint32_t>(parts.processes.size());
    parts.processes.push_back(processes_[i]);
  }
}

// By process, then as a tree: each after its parent, siblings by sort index.
std::vector<std::uint32_t> TraceBuilder::tracks_in_order() const {
  constexpr int kMostDepth = 16;
  using Path = std::vector<std::pair<std::int64_t, std::uint32_t>>;
  std::vector<Path> paths(tracks_.size());
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < tracks_.size(); ++i) {
    if (events_of_[i].size() == 0) continue;
    std::uint32_t at = i;
    for (int depth = 0; at < tracks_.size() && depth < kMostDepth; at = tracks_[at].parent, ++depth)
      paths[i].emplace_back(tracks_[at].sort_index, at);
    paths[i].emplace_back(process_place_[tracks_[i].process], 0);
    std::reverse(paths[i].begin(), paths[i].end());
    order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return paths[a] < paths[b]; });
  return order;
}

// Compute streams last: their gaps are told by what the other streams did.
void TraceBuilder::make_rows(TraceModel::Parts& parts) {
  const std::vector<std::uint32_t> order = tracks_in_order();
  track_place_.assign(tracks_.size(), kNowhere);
  is_run_ = std::any_of(order.begin(), order.end(), [&](auto i) { return Track::is_overview(tracks_[i].name); });
  add_bubbles(parts, order);
  for (const std::uint32_t i : order) {
    if (!keep_going({})) return;
    Track track;
    track.process = process_place_[tracks_[i].process];
    track.name = tracks_[i].name;
    track.sort_index = tracks_[i].sort_index;
    track.first_row = static_cast<std::uint32_t>(parts.rows.size());
    std::vector<Row> rows = events_of_[i].finish(class_of_kind_);
    skipped_ += events_of_[i].left_out();
    track.rows = static_cast<std::uint32_t>(rows.size());
    const auto place = static_cast<std::uint32_t>(parts.tracks.size());
    for (Row& row : rows) {
      parts.rows.push_back(std::move(row));
      parts.track_of_row.push_back(place);
    }
    track_place_[i] = place;
    parts.tracks.push_back(std::move(track));
  }
}

}  // namespace orrery::gui
