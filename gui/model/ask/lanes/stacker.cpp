#include "gui/model/ask/lanes/stacker.h"

#include <algorithm>
#include <cctype>

namespace orrery::gui {
namespace {

constexpr int kLeastHeader = 22, kGap = 3;
// More processes than that begin collapsed: one sees the job first.
constexpr std::size_t kExpandedAtFirst = 8;

bool contains(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

Stacker::Stacker(const TraceModel& model, const LaneChoices& choices, const SecondTrace* second)
    : model_(model), choices_(choices), second_(second), header_(std::max(kLeastHeader, choices.row_height + 4)) {
  for (std::size_t i = 0; i < choices.moved.size(); ++i) place_.try_emplace(choices.moved[i], i);
  tracks_of_.resize(model.processes().size());
  counters_of_.resize(model.processes().size());
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) tracks_of_[model.tracks()[i].process].push_back(i);
  for (std::uint32_t i = 0; i < model.counters().size(); ++i) counters_of_[model.counters()[i].process].push_back(i);
  shows_nodes_ = shows_nodes();
}

// Nodes and ranks are pinned as they are when collapsed.
void Stacker::pinned() {
  const auto pin = [this](Lane lane) {
    lane.pinned = lane.collapsed = true;
    lane.can_collapse = false;
    if (lane.rows > 0) push(std::move(lane));
  };
  if (shows_nodes_)
    for (const Node& node : nodes()) {
      Lane lane = node_lane(node);
      if (!choices_.pinned.contains(lane.path)) continue;
      summarise(node.members.front(), lane);
      pin(std::move(lane));
    }
  for (std::uint32_t p = 0; p < tracks_of_.size(); ++p) {
    Lane lane = process_lane(p, 0);
    if (choices_.pinned.contains(lane.path)) {
      summarise(p, lane);
      pin(std::move(lane));
    }
    pin_inside(p);
  }
}

void Stacker::pin_inside(std::uint32_t process) {
  const auto pin = [&](Lane lane) {
    if (!lane.pinned) return;
    lane.label = model_.processes()[process].name + "  " + lane.label;
    push(std::move(lane));
  };
  for (const std::uint32_t track : tracks_of_[process]) pin(track_lane(track, 0));
  for (const std::uint32_t counter : counters_of_[process]) pin(counter_lane(counter, 0));
}

void Stacker::groups() {
  if (shows_nodes_) return add_nodes();
  if (choices_.grouping == Grouping::none) {
    for (const std::uint32_t process : in_order()) add_process(process, 0);
    return;
  }
  std::map<std::uint32_t, Members> groups;
  for (const std::uint32_t process : in_order())
    groups[coordinate(model_.processes()[process], choices_.grouping)].push_back(process);
  for (const auto& [value, members] : groups) add_group(value, members);
}

// What stands on no node that the trace says comes below those that do.
void Stacker::add_nodes() {
  for (const Node& node : nodes()) add_node(node);
  Members elsewhere;
  for (const std::uint32_t process : in_order())
    if (!model_.processes()[process].place) elsewhere.push_back(process);
  for (const std::uint32_t process : elsewhere) add_process(process, 0);
}

std::vector<Stacker::Node> Stacker::nodes() const {
  std::map<std::uint32_t, Members> by_number;
  for (const std::uint32_t process : in_order())
    if (const auto& at = model_.processes()[process].place) by_number[at->node].push_back(process);
  std::vector<Node> nodes;
  for (auto& [number, members] : by_number) nodes.push_back({number, std::move(members)});
  std::stable_sort(nodes.begin(), nodes.end(), [&](const Node& a, const Node& b) {
    return place(path_of_node(a.number)) < place(path_of_node(b.number));
  });
  return nodes;
}

bool Stacker::shows_nodes() const {
  if (choices_.grouping == Grouping::node) return why_not_grouped(model_, Grouping::node).empty();
  if (choices_.grouping != Grouping::none) return false;
  const std::vector<Node> all = nodes();
  return all.size() > 1 &&
         std::any_of(all.begin(), all.end(), [](const Node& node) { return node.members.size() > 1; });
}

void Stacker::only_in_second() {
  std::vector<Lane> tracks;
  for (const std::uint32_t track : second_->pairing().tracks_only_in_b())
    if (Lane lane = second_lane(track); choices_.filter.empty() || contains(lane.label, choices_.filter))
      tracks.push_back(std::move(lane));
  if (tracks.empty()) return;
  Lane lane;
  lane.is = Lane::Is::group;
  lane.height = header_;
  lane.path = "group/second";
  lane.label = "only in the second" + counted(tracks.size(), "track");
  lane.can_collapse = true;
  lane.collapsed = is_collapsed(lane.path, tracks.size() > kExpandedAtFirst);
  const bool open = !lane.collapsed;
  push(std::move(lane));
  if (!open) return;
  for (Lane& track : tracks) push(std::move(track));
}

std::vector<std::uint32_t> Stacker::in_order() const {
  std::vector<std::uint32_t> order(tracks_of_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return place(model_.processes()[a].name) < place(model_.processes()[b].name);
  });
  return order;
}

// Among those that a person has put in order; behind them all where it is not one.
std::size_t Stacker::place(const std::string& path) const {
  const auto found = place_.find(path);
  return found == place_.end() ? SIZE_MAX : found->second;
}

void Stacker::push(Lane lane) {
  lane.y = y;
  y += lane.height;
  lanes.push_back(std::move(lane));
}

bool Stacker::is_collapsed(const std::string& path, bool by_default) const {
  return by_default ? !choices_.expanded.contains(path) : choices_.collapsed.contains(path);
}

// Whether the filter finds something of its own, or of what it is in.
bool Stacker::shown(std::uint32_t process, const std::string& name) const {
  const Process& of = model_.processes()[process];
  return choices_.filter.empty() || contains(label_of(of), choices_.filter) || contains(name, choices_.filter) ||
         (shows_nodes_ && of.place && contains("node " + std::to_string(of.place->node), choices_.filter));
}

// A collapsed node shows what its first rank does. One of which the filter leaves nothing is not there.
void Stacker::add_node(const Node& node) {
  Lane lane = node_lane(node);
  if (lane.collapsed) {
    summarise(node.members.front(), lane);
    return push(std::move(lane));
  }
  const std::size_t before = lanes.size();
  push(std::move(lane));
  for (const std::uint32_t process : node.members) add_process(process, 1);
  if (lanes.size() > before + 1) return;
  y = lanes.back().y;
  lanes.pop_back();
}

void Stacker::add_group(std::uint32_t value, const Members& members) {
  const bool known = value != kElsewhere;
  Lane lane;
  lane.is = Lane::Is::group;
  lane.index = value;
  lane.height = header_;
  const std::string word(short_name(choices_.grouping));
  lane.path = "group/" + word + (known ? std::to_string(value) : "");
  lane.label = (known ? word + " " + std::to_string(value) : "elsewhere") + counted(members.size(), "rank");
  lane.can_collapse = true;
  lane.collapsed = is_collapsed(lane.path, false);
  const bool open = !lane.collapsed;
  push(std::move(lane));
  if (!open) return;
  for (const std::uint32_t process : members) add_process(process, 1);
}

void Stacker::add_process(std::uint32_t process, int depth) {
  std::vector<Lane> inner;
  for (const std::uint32_t track : tracks_of_[process])
    if (shown(process, model_.tracks()[track].name)) inner.push_back(track_lane(track, depth + 1));
  for (const std::uint32_t counter : counters_of_[process])
    if (shown(process, model_.counters()[counter].name)) inner.push_back(counter_lane(counter, depth + 1));
  if (inner.empty()) return;
  std::stable_sort(inner.begin(), inner.end(),
                   [&](const Lane& a, const Lane& b) { return place(a.path) < place(b.path); });

  Lane lane = process_lane(process, depth);
  const bool many = tracks_of_.size() > kExpandedAtFirst;
  const bool only_counters = tracks_of_[process].empty() && inner.size() > 4;
  lane.collapsed = choices_.filter.empty() && is_collapsed(lane.path, many || only_counters);
  if (lane.collapsed) summarise(process, lane);
  const bool open = !lane.collapsed;
  push(std::move(lane));
  if (open)
    for (Lane& one : inner) push(std::move(one));
  y += open ? kGap : 0;
}

}  // namespace orrery::gui
