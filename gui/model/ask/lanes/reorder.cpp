#include "gui/model/ask/lanes/reorder.h"

#include <algorithm>
#include <map>

namespace orrery::gui {

std::vector<std::string> siblings_of(const Lanes& lanes, const std::string& path) {
  std::map<std::string, std::vector<std::string>> by_parent;
  std::string group, process, parent;
  for (const Lane& lane : lanes.all()) {
    if (lane.is == Lane::Is::group) group = lane.path;
    if (lane.is == Lane::Is::process) process = lane.path;
    if (lane.is == Lane::Is::node) group = lane.path;
    if (lane.is == Lane::Is::process && lane.depth == 0) group.clear();
    const std::string above = lane.is == Lane::Is::group     ? "groups"
                              : lane.is == Lane::Is::node    ? "nodes"
                              : lane.is == Lane::Is::process ? "in " + group
                              : lane.is == Lane::Is::second  ? "second"
                                                             : "of " + process;
    if (lane.path == path) parent = above;
    std::vector<std::string>& siblings = by_parent[above];
    if (std::find(siblings.begin(), siblings.end(), lane.path) == siblings.end()) siblings.push_back(lane.path);
  }
  return parent.empty() || parent == "groups" || parent == "second" ? std::vector<std::string>() : by_parent[parent];
}

std::vector<std::string> moved_beside(const TraceModel& model, const LaneChoices& choices, const std::string& path,
                                      const std::string& other, bool behind) {
  LaneChoices everything = choices;
  everything.filter.clear();
  everything.collapsed.clear();
  for (const Process& process : model.processes()) everything.expanded.insert(process.name);
  std::vector<std::string> order = siblings_of(Lanes(model, everything), path);
  const auto at = [&](const std::string& which) { return std::find(order.begin(), order.end(), which); };
  if (path == other || at(path) == order.end() || at(other) == order.end()) return choices.moved;
  order.erase(at(path));
  order.insert(at(other) + (behind ? 1 : 0), path);

  std::vector<std::string> moved = choices.moved;
  std::erase_if(moved, [&](const std::string& one) { return at(one) != order.end(); });
  moved.insert(moved.end(), order.begin(), order.end());
  return moved;
}

}  // namespace orrery::gui
