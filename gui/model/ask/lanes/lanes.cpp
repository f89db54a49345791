#include "gui/model/ask/lanes/lanes.h"

#include <cctype>
#include <map>

namespace orrery::gui {
namespace {

constexpr int kLeastHeader = 22, kLeastCounter = 44, kHeat = 14, kGap = 3;
// More processes than that begin collapsed: one sees the job first.
constexpr std::size_t kExpandedAtFirst = 8;

bool contains(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string label_of(const Process& process) {
  return process.labels.empty() ? process.name : process.name + "  " + process.labels;
}

// Builds the list from the top down.
class Stacker {
 public:
  Stacker(const TraceModel& model, const LaneChoices& choices, const SecondTrace* second)
      : model_(model), choices_(choices), second_(second), header_(std::max(kLeastHeader, choices.row_height + 4)) {
    for (std::size_t i = 0; i < choices.moved.size(); ++i) place_.try_emplace(choices.moved[i], i);
    tracks_of_.resize(model.processes().size());
    counters_of_.resize(model.processes().size());
    for (std::uint32_t i = 0; i < model.tracks().size(); ++i) tracks_of_[model.tracks()[i].process].push_back(i);
    for (std::uint32_t i = 0; i < model.counters().size(); ++i) counters_of_[model.counters()[i].process].push_back(i);
  }

  void pinned() {
    for (std::uint32_t p = 0; p < tracks_of_.size(); ++p) {
      for (const std::uint32_t track : tracks_of_[p]) {
        Lane lane = track_lane(track, 0);
        if (!lane.pinned) continue;
        lane.label = model_.processes()[p].name + "  " + lane.label;
        push(std::move(lane));
      }
      for (const std::uint32_t counter : counters_of_[p]) {
        Lane lane = counter_lane(counter, 0);
        if (!lane.pinned) continue;
        lane.label = model_.processes()[p].name + "  " + lane.label;
        push(std::move(lane));
      }
    }
  }

  void groups() {
    if (choices_.grouping == Grouping::none) {
      for (const std::uint32_t process : in_order()) add_process(process, 0);
      return;
    }
    std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
    for (const std::uint32_t process : in_order())
      groups[coordinate(model_.processes()[process], choices_.grouping)].push_back(process);
    for (const auto& [value, members] : groups) add_group(value, members);
  }

  // Below all others.
  void only_in_second() {
    std::vector<Lane> tracks;
    for (const std::uint32_t track : second_->pairing().tracks_only_in_b())
      if (Lane lane = second_lane(track); choices_.filter.empty() || contains(lane.label, choices_.filter))
        tracks.push_back(std::move(lane));
    if (tracks.empty()) return;
    Lane lane;
    lane.is = Lane::Is::group;
    lane.height = header_;
    lane.path = "group/second";
    lane.label =
        "only in the second  (" + std::to_string(tracks.size()) + (tracks.size() == 1 ? " track)" : " tracks)");
    lane.can_collapse = true;
    lane.collapsed = is_collapsed(lane.path, tracks.size() > kExpandedAtFirst);
    const bool open = !lane.collapsed;
    push(std::move(lane));
    if (!open) return;
    for (Lane& track : tracks) push(std::move(track));
  }

  std::vector<Lane> lanes;
  int y = 0;

 private:
  std::vector<std::uint32_t> in_order() const {
    std::vector<std::uint32_t> order(tracks_of_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
      return place(model_.processes()[a].name) < place(model_.processes()[b].name);
    });
    return order;
  }

  // Among those that a person has put in order; behind them all where it is not one.
  std::size_t place(const std::string& path) const {
    const auto found = place_.find(path);
    return found == place_.end() ? SIZE_MAX : found->second;
  }

  void push(Lane lane) {
    lane.y = y;
    y += lane.height;
    lanes.push_back(std::move(lane));
  }

  bool is_collapsed(const std::string& path, bool by_default) const {
    return by_default ? !choices_.expanded.contains(path) : choices_.collapsed.contains(path);
  }

  bool shown(std::uint32_t process, const std::string& name) const {
    return choices_.filter.empty() || contains(label_of(model_.processes()[process]), choices_.filter) ||
           contains(name, choices_.filter);
  }

  void add_group(std::uint32_t value, const std::vector<std::uint32_t>& members) {
    const bool known = value != kElsewhere;
    Lane lane;
    lane.is = Lane::Is::group;
    lane.index = value;
    lane.height = header_;
    const std::string word(short_name(choices_.grouping));
    lane.path = "group/" + word + (known ? std::to_string(value) : "");
    lane.label = (known ? word + " " + std::to_string(value) : "elsewhere") + "  (" + std::to_string(members.size()) +
                 (members.size() == 1 ? " rank)" : " ranks)");
    lane.can_collapse = true;
    lane.collapsed = is_collapsed(lane.path, false);
    const bool open = !lane.collapsed;
    push(std::move(lane));
    if (!open) return;
    for (const std::uint32_t process : members) add_process(process, 1);
  }

  void add_process(std::uint32_t process, int depth) {
    std::vector<Lane> inner;
    for (const std::uint32_t track : tracks_of_[process])
      if (shown(process, model_.tracks()[track].name)) inner.push_back(track_lane(track, depth + 1));
    for (const std::uint32_t counter : counters_of_[process])
      if (shown(process, model_.counters()[counter].name)) inner.push_back(counter_lane(counter, depth + 1));
    if (inner.empty()) return;
    std::stable_sort(inner.begin(), inner.end(),
                     [&](const Lane& a, const Lane& b) { return place(a.path) < place(b.path); });

    Lane lane;
    lane.is = Lane::Is::process;
    lane.index = process;
    lane.depth = depth;
    lane.path = model_.processes()[process].name;
    lane.label = label_of(model_.processes()[process]);
    lane.can_collapse = true;
    const bool many = tracks_of_.size() > kExpandedAtFirst;
    const bool only_counters = tracks_of_[process].empty() && inner.size() > 4;
    lane.collapsed = choices_.filter.empty() && is_collapsed(lane.path, many || only_counters);
    lane.height = header_;
    if (lane.collapsed) summarise(process, lane);
    const bool open = !lane.collapsed;
    push(std::move(lane));
    if (open)
      for (Lane& one : inner) push(std::move(one));
    y += open ? kGap : 0;
  }

  // A collapsed process shows its compute stream, or its first track.
  void summarise(std::uint32_t process, Lane& lane) const {
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
  void add_second(std::uint32_t track, Lane& lane) const {
    if (!second_) return;
    lane.first_height = lane.row_height / 2;
    const std::uint32_t other = second_->pairing().track_in_b(track);
    if (other == Pairing::kNone) return;
    lane.second_row = second_->model->tracks()[other].first_row;
    lane.second_rows = second_->model->tracks()[other].rows;
  }

  Lane second_lane(std::uint32_t index) const {
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

  Lane track_lane(std::uint32_t index, int depth) const {
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

  Lane counter_lane(std::uint32_t index, int depth) const {
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

  const TraceModel& model_;
  const LaneChoices& choices_;
  const SecondTrace* second_;                 // or none
  int header_;                                // height of a rank's or a group's
  std::map<std::string, std::size_t> place_;  // of choices.moved
  std::vector<std::vector<std::uint32_t>> tracks_of_, counters_of_;
};

}  // namespace

std::string path_of_track(const TraceModel& model, std::uint32_t track) {
  const Track& of = model.tracks()[track];
  return model.processes()[of.process].name + "/" + of.name;
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
    if (lane.is != Lane::Is::process || !lane.collapsed) continue;
    const auto inner = model.tracks_of(lane.index);
    for (std::uint32_t i = inner.first; i < inner.second; ++i) tracks.insert(i);
  }
  return {tracks.begin(), tracks.end()};
}

}  // namespace orrery::gui
