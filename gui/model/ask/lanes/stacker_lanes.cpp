// One lane of each kind: what it is called, how high it is, which rows it draws.
#include <algorithm>

#include "gui/model/ask/lanes/stacker.h"

namespace orrery::gui {
namespace {

constexpr int kLeastCounter = 44, kHeat = 14;

}  // namespace

std::string Stacker::label_of(const Process& process) {
  return process.labels.empty() ? process.name : process.name + "  " + process.labels;
}

std::string Stacker::counted(std::size_t n, const char* what) {
  return "  (" + std::to_string(n) + " " + what + (n == 1 ? ")" : "s)");
}

Lane Stacker::node_lane(const Node& node) const {
  Lane lane;
  lane.is = Lane::Is::node;
  lane.index = node.number;
  lane.height = header_;
  lane.path = path_of_node(node.number);
  lane.label = "node " + std::to_string(node.number) + counted(node.members.size(), "rank");
  lane.pinned = choices_.pinned.contains(lane.path);
  lane.can_collapse = true;
  lane.collapsed = choices_.filter.empty() && is_collapsed(lane.path, false);
  return lane;
}

Lane Stacker::process_lane(std::uint32_t process, int depth) const {
  Lane lane;
  lane.is = Lane::Is::process;
  lane.index = process;
  lane.depth = depth;
  lane.height = header_;
  lane.path = model_.processes()[process].name;
  lane.label = label_of(model_.processes()[process]);
  lane.pinned = choices_.pinned.contains(lane.path);
  lane.can_collapse = true;
  return lane;
}

// A collapsed process shows its compute stream, or its first track.
void Stacker::summarise(std::uint32_t process, Lane& lane) const {
  const Track* best = nullptr;
  for (const std::uint32_t i : tracks_of_[process]) {
    const Track& track = model_.tracks()[i];
    if (best == nullptr || track.name == "compute") best = &track;
  }
  if (best == nullptr) return;
  lane.first_row = best->first_row;
  lane.rows = 1;
  lane.row_height = lane.first_height = header_ - 2;
  add_second(static_cast<std::uint32_t>(best - model_.tracks().data()), lane);
  lane.second_rows = std::min(1u, lane.second_rows);
}

// The second's rows in the lower half of the first's; the half is there for all alike.
void Stacker::add_second(std::uint32_t track, Lane& lane) const {
  if (!second_) return;
  lane.first_height = lane.row_height / 2;
  const std::uint32_t other = second_->pairing().track_in_b(track);
  if (other == Pairing::kNone) return;
  lane.second_row = second_->model->tracks()[other].first_row;
  lane.second_rows = second_->model->tracks()[other].rows;
}

Lane Stacker::second_lane(std::uint32_t index) const {
  const Track& track = second_->model->tracks()[index];
  Lane lane;
  lane.is = Lane::Is::second;
  lane.index = index;
  lane.depth = 1;
  lane.label = second_->model->processes()[track.process].name + "  " + track.name;
  lane.path = "second/" + path_of_track(*second_->model, index);
  lane.can_collapse = track.rows > 1;
  lane.collapsed = lane.can_collapse && is_collapsed(lane.path, false);
  lane.second_row = track.first_row;
  lane.second_rows = lane.collapsed ? 1 : track.rows;
  lane.row_height = choices_.row_height;
  lane.height = static_cast<int>(lane.second_rows) * lane.row_height + 1;
  return lane;
}

Lane Stacker::track_lane(std::uint32_t index, int depth) const {
  const Track& track = model_.tracks()[index];
  Lane lane;
  lane.is = Lane::Is::track;
  lane.index = index;
  lane.depth = depth;
  lane.path = path_of_track(model_, index);
  lane.label = track.name;
  lane.pinned = choices_.pinned.contains(lane.path);
  lane.first_row = track.first_row;
  lane.rows = track.rows;
  lane.row_height = lane.first_height = choices_.row_height;
  if (second_) lane.row_height *= 2;
  add_second(index, lane);
  lane.can_collapse = std::max(lane.rows, lane.second_rows) > 1;
  lane.collapsed = lane.can_collapse && is_collapsed(lane.path, false);
  if (lane.collapsed) lane.rows = std::min(1u, lane.rows), lane.second_rows = std::min(1u, lane.second_rows);
  lane.height = static_cast<int>(std::max(lane.rows, lane.second_rows)) * lane.row_height + 1;
  return lane;
}

Lane Stacker::counter_lane(std::uint32_t index, int depth) const {
  const Counter& counter = model_.counters()[index];
  Lane lane;
  lane.is = Lane::Is::counter;
  lane.index = index;
  lane.depth = depth;
  lane.path = model_.processes()[counter.process].name + "/" + counter.name;
  lane.label = counter.name;
  lane.pinned = choices_.pinned.contains(lane.path);
  lane.height = counter.is_rate() ? kHeat : std::max(kLeastCounter, 2 * choices_.row_height + 6);
  return lane;
}

}  // namespace orrery::gui
