#include "gui/model/ask/compare/track_pairs.h"

#include <algorithm>
#include <array>
#include <map>

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// Whose it is: the rank where the file says it; a profile of one GPU says none and is rank 0.
std::uint32_t rank_of(const Process& process) {
  return process.rank.value_or(0);
}

// Of several alike the first pairs with the first.
template <class Key>
using Places = std::map<Key, std::vector<std::uint32_t>>;
template <class Key>
std::vector<std::uint32_t> pair_places(const Places<Key>& a, const Places<Key>& b, std::size_t size_a) {
  std::vector<std::uint32_t> in_b(size_a, kNone);
  for (const auto& [key, places] : a) {
    const auto others = b.find(key);
    if (others == b.end()) continue;
    for (std::size_t i = 0; i < std::min(places.size(), others->second.size()); ++i)
      in_b[places[i]] = others->second[i];
  }
  return in_b;
}

using ByName = std::pair<std::string, std::string>;
ByName name_of(const Process& process, const std::string& name) {
  return {process.rank ? "rank " + std::to_string(*process.rank) : process.name, name};
}

Places<ByName> tracks_by_name(const TraceModel& model) {
  Places<ByName> places;
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) {
    const Track& track = model.tracks()[i];
    places[name_of(model.processes()[track.process], track.name)].push_back(i);
  }
  return places;
}

// What a stream is for.
enum class Role : std::uint8_t { compute, communication, copy, host };
Role role_of(EventClass is) {
  if (is_compute(is)) return Role::compute;
  if (is_communication(is)) return Role::communication;
  return is == EventClass::copy ? Role::copy : Role::host;
}

struct Part {
  Role role = Role::host;
  Ns time = 0;
};
Part part_of(const TraceModel& model, const Track& track, Tally& tally) {
  std::array<Ns, 4> time{};
  for (std::uint32_t r = track.first_row; r < track.first_row + track.rows; ++r) {
    const Row& row = model.rows()[r];
    for (std::uint32_t i = 0; i < row.size() && tally.add(1); ++i)
      time[static_cast<std::size_t>(role_of(model.class_of_kind()[row[i].kind]))] += row.duration(i);
  }
  const auto most = std::max_element(time.begin(), time.end());
  return {static_cast<Role>(most - time.begin()), *most};
}

using ByRole = std::pair<std::uint32_t, Role>;  // of which rank
// Of tracks that `left` names: the busiest of a role first.
Places<ByRole> tracks_by_role(const TraceModel& model, const std::vector<std::uint32_t>& left, Tally& tally) {
  Places<ByRole> places;
  std::map<std::uint32_t, Ns> time;
  for (const std::uint32_t i : left) {
    const Track& track = model.tracks()[i];
    if (track.is_overview()) continue;
    const Part part = part_of(model, track, tally);
    time[i] = part.time;
    places[{rank_of(model.processes()[track.process]), part.role}].push_back(i);
  }
  for (auto& [key, tracks] : places)
    std::stable_sort(tracks.begin(), tracks.end(), [&](auto x, auto y) { return time[x] > time[y]; });
  return places;
}

}  // namespace

std::vector<std::uint32_t> pair_tracks(const TraceModel& a, const TraceModel& b, Tally& tally) {
  std::vector<std::uint32_t> in_b = pair_places(tracks_by_name(a), tracks_by_name(b), a.tracks().size());
  std::vector<std::uint32_t> left_of_a;
  for (std::uint32_t i = 0; i < in_b.size(); ++i)
    if (in_b[i] == kNone) left_of_a.push_back(i);
  const std::vector<std::uint32_t> left_of_b = left_out(in_b, b.tracks().size());
  if (left_of_a.empty() || left_of_b.empty()) return in_b;
  const std::vector<std::uint32_t> by_role =
      pair_places(tracks_by_role(a, left_of_a, tally), tracks_by_role(b, left_of_b, tally), a.tracks().size());
  for (const std::uint32_t i : left_of_a) in_b[i] = by_role[i];
  return in_b;
}

std::vector<std::uint32_t> pair_counters(const TraceModel& a, const TraceModel& b) {
  const auto by_name = [](const TraceModel& model) {
    Places<ByName> places;
    for (std::uint32_t i = 0; i < model.counters().size(); ++i) {
      const Counter& counter = model.counters()[i];
      places[name_of(model.processes()[counter.process], counter.name)].push_back(i);
    }
    return places;
  };
  return pair_places(by_name(a), by_name(b), a.counters().size());
}

std::vector<std::uint32_t> left_out(const std::vector<std::uint32_t>& in_b, std::size_t tracks_of_b) {
  std::vector<bool> taken(tracks_of_b, false);
  for (const std::uint32_t other : in_b)
    if (other != kNone) taken[other] = true;
  std::vector<std::uint32_t> left;
  for (std::uint32_t i = 0; i < taken.size(); ++i)
    if (!taken[i]) left.push_back(i);
  return left;
}

}  // namespace orrery::gui
