// Which lanes there are and in what order: what a person collapsed, pinned and moved.
#include <algorithm>

#include "gui/model/ask/lanes/reorder.h"
#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

void TimelineState::lanes_changed() {
  scene_.rebuild_lanes();
  keep_scroll();
  emit picture_changed();
}

void TimelineState::set_choices(LaneChoices choices) {
  scene_.choices = std::move(choices);
  lanes_changed();
  emit choices_changed();
}

void TimelineState::toggle_collapsed(const Lane& lane) {
  if (!lane.can_collapse) return;
  const std::string path = lane.path;
  if (lane.collapsed) {
    scene_.choices.collapsed.erase(path);
    scene_.choices.expanded.insert(path);
  } else {
    scene_.choices.expanded.erase(path);
    scene_.choices.collapsed.insert(path);
  }
  lanes_changed();
  emit choices_changed();
}

void TimelineState::set_all_collapsed(bool collapsed) {
  LaneChoices choices = scene_.choices;
  choices.collapsed.clear();
  choices.expanded.clear();
  for (const Process& process : model().processes())
    (collapsed ? choices.collapsed : choices.expanded).insert(process.name);
  set_choices(std::move(choices));
}

void TimelineState::toggle_pinned(const Lane& lane) {
  if (!can_pin(lane)) return;
  const std::string path = lane.path;
  if (scene_.choices.pinned.erase(path) == 0) scene_.choices.pinned.insert(path);
  lanes_changed();
  emit choices_changed();
}

void TimelineState::move_to_top(const Lane& lane) {
  const std::vector<std::string> siblings = siblings_of(scene_.lanes, lane.path);
  if (!siblings.empty()) move_beside(lane.path, siblings.front(), false);
}

void TimelineState::move_beside(const std::string& path, const std::string& other, bool behind) {
  const std::string current = current_lane_ < 0 ? "" : scene_.lanes.all()[static_cast<std::size_t>(current_lane_)].path;
  scene_.choices.moved = moved_beside(model(), scene_.choices, path, other, behind);
  lanes_changed();
  if (!current.empty()) set_current_lane(lane_of(current));
  emit choices_changed();
}

void TimelineState::move_current(int by) {
  if (current_lane_ < 0 || by == 0) return;
  const std::string path = scene_.lanes.all()[static_cast<std::size_t>(current_lane_)].path;
  const std::vector<std::string> siblings = siblings_of(scene_.lanes, path);
  const auto at = std::find(siblings.begin(), siblings.end(), path) - siblings.begin();
  const std::ptrdiff_t to = at + by;
  if (siblings.empty() || to < 0 || to >= std::ssize(siblings)) return;
  move_beside(path, siblings[static_cast<std::size_t>(to)], by > 0);
}

int TimelineState::lane_of(const std::string& path) const {
  const auto& lanes = scene_.lanes.all();
  const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.path == path; });
  return found == lanes.end() ? -1 : static_cast<int>(found - lanes.begin());
}

void TimelineState::set_current_lane(int lane) {
  current_lane_ = std::clamp(lane, -1, static_cast<int>(scene_.lanes.all().size()) - 1);
  if (current_lane_ >= 0) {
    const Lane& at = scene_.lanes.all()[static_cast<std::size_t>(current_lane_)];
    const int room = height_ - scene_.lanes.pinned_height();
    if (at.y < scene_.scroll) set_scroll(at.y);
    if (at.y + at.height > scene_.scroll + room) set_scroll(at.y + at.height - room);
  }
  emit overlay_changed();
}

}  // namespace orrery::gui
