#include "gui/model/ask/compare/pairing.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "gui/model/ask/compare/identity.h"

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNone = Pairing::kNone;

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
Part part_of(const TraceModel& model, const Track& track) {
  std::array<Ns, 4> time{};
  for (std::uint32_t r = track.first_row; r < track.first_row + track.rows; ++r) {
    const Row& row = model.rows()[r];
    for (std::uint32_t i = 0; i < row.size(); ++i)
      time[static_cast<std::size_t>(role_of(model.class_of_kind()[row[i].kind]))] += row.duration(i);
  }
  const auto most = std::max_element(time.begin(), time.end());
  return {static_cast<Role>(most - time.begin()), *most};
}

using ByRole = std::pair<std::uint32_t, Role>;  // of which rank
// Of tracks that `left` names: the busiest of a role first.
Places<ByRole> tracks_by_role(const TraceModel& model, const std::vector<std::uint32_t>& left) {
  Places<ByRole> places;
  std::map<std::uint32_t, Ns> time;
  for (const std::uint32_t i : left) {
    const Track& track = model.tracks()[i];
    if (track.is_overview()) continue;
    const Part part = part_of(model, track);
    time[i] = part.time;
    places[{rank_of(model.processes()[track.process]), part.role}].push_back(i);
  }
  for (auto& [key, tracks] : places)
    std::stable_sort(tracks.begin(), tracks.end(), [&](auto x, auto y) { return time[x] > time[y]; });
  return places;
}

// An event of a row, sorted by what it is.
struct Placed {
  Identity is;
  std::uint32_t index;
};
std::vector<Placed> placed(const Row& row, const Identities& identities) {
  std::vector<Placed> events;
  events.reserve(row.size());
  for (std::uint32_t i = 0; i < row.size(); ++i) events.push_back({identities.of(row[i]), i});
  std::sort(events.begin(), events.end(),
            [](const Placed& x, const Placed& y) { return std::tie(x.is, x.index) < std::tie(y.is, y.index); });
  return events;
}

}  // namespace

Pairing::Pairing(const TraceModel& a, const TraceModel& b) {
  pair_tracks(a, b);
  pair_counters(a, b);
  pair_events(a, b);
}

void Pairing::pair_tracks(const TraceModel& a, const TraceModel& b) {
  track_in_b_ = pair_places(tracks_by_name(a), tracks_by_name(b), a.tracks().size());
  std::vector<bool> taken(b.tracks().size(), false);
  std::vector<std::uint32_t> left_of_a, left_of_b;
  const auto take = [&] {
    for (const std::uint32_t other : track_in_b_)
      if (other != kNone) taken[other] = true;
  };
  take();
  for (std::uint32_t i = 0; i < track_in_b_.size(); ++i)
    if (track_in_b_[i] == kNone) left_of_a.push_back(i);
  for (std::uint32_t i = 0; i < taken.size(); ++i)
    if (!taken[i]) left_of_b.push_back(i);
  const std::vector<std::uint32_t> by_role =
      pair_places(tracks_by_role(a, left_of_a), tracks_by_role(b, left_of_b), a.tracks().size());
  for (const std::uint32_t i : left_of_a) track_in_b_[i] = by_role[i];
  take();
  for (std::uint32_t i = 0; i < taken.size(); ++i)
    if (!taken[i]) tracks_only_in_b_.push_back(i);
}

void Pairing::pair_counters(const TraceModel& a, const TraceModel& b) {
  const auto by_name = [](const TraceModel& model) {
    Places<ByName> places;
    for (std::uint32_t i = 0; i < model.counters().size(); ++i) {
      const Counter& counter = model.counters()[i];
      places[name_of(model.processes()[counter.process], counter.name)].push_back(i);
    }
    return places;
  };
  counter_in_b_ = pair_places(by_name(a), by_name(b), a.counters().size());
}

void Pairing::pair_events(const TraceModel& a, const TraceModel& b) {
  in_b_.resize(a.rows().size());
  in_a_.resize(b.rows().size());
  SharedNames names;
  const Identities of_a(a, names), of_b(b, names);
  for (std::uint32_t t = 0; t < track_in_b_.size(); ++t) {
    if (track_in_b_[t] == kNone) continue;
    const Track &left = a.tracks()[t], &right = b.tracks()[track_in_b_[t]];
    for (std::uint32_t level = 0; level < std::min(left.rows, right.rows); ++level) {
      const std::uint32_t row_a = left.first_row + level, row_b = right.first_row + level;
      Partners &there = in_b_[row_a] = {row_b, std::vector(a.rows()[row_a].size(), kNone)},
               &here = in_a_[row_b] = {row_a, std::vector(b.rows()[row_b].size(), kNone)};
      const std::vector<Placed> x = placed(a.rows()[row_a], of_a), y = placed(b.rows()[row_b], of_b);
      for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
        if (x[i].is != y[j].is) {
          (x[i].is < y[j].is ? i : j)++;
          continue;
        }
        there.index[x[i].index] = y[j].index;
        here.index[y[j++].index] = x[i++].index;
        ++pairs_;
      }
    }
  }
}

}  // namespace orrery::gui
