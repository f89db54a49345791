#include "models/compile/pipeline/slot_times.h"

#include <algorithm>
#include <numeric>

namespace orrery::models {
namespace {

constexpr int kUnknown = -1;

bool goes_forward(const Action& a) {
  return a.type == Action::Type::forward;
}

// The last forward and the first backward are no pair: between them, all warmed up, a rank exchanges once more.
SlotTimes::Slots slots_of(const std::vector<Action>& actions, bool pairs) {
  SlotTimes::Slots slots;
  bool backwards = false;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const bool behind_forward = pairs && i > 0 && !goes_forward(actions[i]) && goes_forward(actions[i - 1]);
    const bool steady = backwards || (i + 1 < actions.size() && goes_forward(actions[i + 1]));
    backwards = backwards || !goes_forward(actions[i]);
    if (behind_forward && steady && slots.back().first + 1 == i)
      slots.back().end = i + 1;
    else
      slots.push_back({i, i + 1});
  }
  return slots;
}

}  // namespace

SlotTimes::SlotTimes(const Schedule& schedule)
    : micro_batches_(schedule.request.micro_batches),
      places_(2 * static_cast<std::size_t>(schedule.stages()) * static_cast<std::size_t>(micro_batches_)) {
  if (schedule.request.chunks == 1 || !find_times(schedule, true)) find_times(schedule, false);
}

// Whether every slot has one: pairs need inputs for both passes at once, and some orders make the one from the other.
bool SlotTimes::find_times(const Schedule& schedule, bool pairs) {
  slots_.clear();
  for (const std::vector<Action>& actions : schedule.order) slots_.push_back(slots_of(actions, pairs));
  times_.assign(slots_.size(), {});
  find_places(schedule);
  std::size_t timed = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int rank = 0; rank < static_cast<int>(slots_.size()); ++rank)
      for (; times_slot(schedule, rank); ++timed) moved = true;
  }
  return timed == std::accumulate(slots_.begin(), slots_.end(), std::size_t{0},
                                  [](std::size_t sum, const Slots& slots) { return sum + slots.size(); });
}

std::size_t SlotTimes::number(bool forward, int stage, int micro_batch) const {
  const auto before = static_cast<std::size_t>(stage) * static_cast<std::size_t>(micro_batches_);
  return 2 * (before + static_cast<std::size_t>(micro_batch)) + (forward ? 0 : 1);
}

void SlotTimes::find_places(const Schedule& schedule) {
  for (std::size_t rank = 0; rank < slots_.size(); ++rank)
    for (std::size_t slot = 0; slot < slots_[rank].size(); ++slot)
      for (std::size_t i = slots_[rank][slot].first; i < slots_[rank][slot].end; ++i)
        for (const Action& pass : passes(schedule.order[rank][i]))
          if (goes_forward(pass) || makes_input_gradient(pass.type))
            places_[number(goes_forward(pass), pass.stage, pass.micro_batch)] = {static_cast<int>(rank), slot};
}

// The next slot of a rank, if the times of what it needs are known.
bool SlotTimes::times_slot(const Schedule& schedule, int rank) {
  std::vector<int>& times = times_[static_cast<std::size_t>(rank)];
  if (times.size() == slots(rank).size()) return false;
  int time = times.empty() ? 0 : times.back() + 1;
  const Slot& slot = slots(rank)[times.size()];
  for (std::size_t i = slot.first; i < slot.end; ++i) {
    const int inputs = ready(schedule, rank, i);
    if (inputs == kUnknown) return false;
    time = std::max(time, inputs);
  }
  times.push_back(time);
  return true;
}

// The time at which the inputs of an action from other ranks are there.
int SlotTimes::ready(const Schedule& schedule, int rank, std::size_t action) const {
  int time = 0;
  for (const Action& pass : passes(schedule.order[static_cast<std::size_t>(rank)][action])) {
    const bool forward = goes_forward(pass);
    const int from = pass.stage + (forward ? -1 : 1);
    if ((!forward && !makes_input_gradient(pass.type)) || from < 0 || from >= schedule.stages()) continue;
    if (schedule.rank_of(from, pass.micro_batch) == rank) continue;
    const int made = made_at(forward, from, pass.micro_batch);
    if (made == kUnknown) return kUnknown;
    time = std::max(time, made + 1);
  }
  return time;
}

int SlotTimes::made_at(bool forward, int stage, int micro_batch) const {
  const Place& at = places_[number(forward, stage, micro_batch)];
  if (at.rank < 0) return kUnknown;
  const std::vector<int>& times = times_[static_cast<std::size_t>(at.rank)];
  return at.slot < times.size() ? times[at.slot] : kUnknown;
}

std::size_t SlotTimes::last_by(int rank, int time) const {
  const std::vector<int>& times = times_[static_cast<std::size_t>(rank)];
  const auto after = std::upper_bound(times.begin(), times.end(), time);
  return after == times.begin() ? kBeforeAll : static_cast<std::size_t>(after - times.begin()) - 1;
}

}  // namespace orrery::models
