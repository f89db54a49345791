#include "gui/model/ask/lanes/lanes.h"

#include <algorithm>

#include "gui/model/ask/lanes/stacker.h"

namespace orrery::gui {
namespace {

bool is_within(const Lane& lane, std::uint32_t number, const Process& process) {
  if (lane.is == Lane::Is::process) return lane.index == number;
  return lane.is == Lane::Is::node && process.place && process.place->node == lane.index;
}

}  // namespace

std::string path_of_track(const TraceModel& model, std::uint32_t track) {
  const Track& of = model.tracks()[track];
  return model.processes()[of.process].name + "/" + of.name;
}

std::string path_of_node(std::uint32_t node) {
  return "node/" + std::to_string(node);
}

Lanes::Lanes(const TraceModel& model, const LaneChoices& choices, const SecondTrace* second) {
  Stacker top(model, choices, second);
  top.pinned();
  pinned_ = std::move(top.lanes);
  pinned_height_ = top.y;
  Stacker below(model, choices, second);
  below.groups();
  if (second) below.only_in_second();
  lanes_ = std::move(below.lanes);
  height_ = below.y;
}

int Lanes::at(int y) const {
  const auto after =
      std::upper_bound(lanes_.begin(), lanes_.end(), y, [](int top, const Lane& lane) { return top < lane.y; });
  if (after == lanes_.begin()) return -1;
  const Lane& lane = *(after - 1);
  return y < lane.y + lane.height ? static_cast<int>(after - lanes_.begin()) - 1 : -1;
}

int Lanes::of_track(std::uint32_t track) const {
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    if (lanes_[i].is == Lane::Is::track && lanes_[i].index == track) return static_cast<int>(i);
  return -1;
}

std::vector<std::uint32_t> Lanes::tracks_between(const TraceModel& model, int top, int bottom) const {
  std::set<std::uint32_t> tracks;
  for (const Lane& lane : lanes_) {
    if (lane.y + lane.height <= top || lane.y >= bottom) continue;
    if (lane.is == Lane::Is::track) tracks.insert(lane.index);
    if (!lane.collapsed) continue;
    for (std::uint32_t p = 0; p < model.processes().size(); ++p) {
      if (!is_within(lane, p, model.processes()[p])) continue;
      const auto inner = model.tracks_of(p);
      for (std::uint32_t i = inner.first; i < inner.second; ++i) tracks.insert(i);
    }
  }
  return {tracks.begin(), tracks.end()};
}

}  // namespace orrery::gui
