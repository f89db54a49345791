// Transfers of ranks that wait for them (overlap.pipeline: false): where they stand, and in what order.
#include <algorithm>
#include <utility>

#include "models/compile/pipeline/pipeline_transfers.h"

namespace orrery::models {

// Where the main stream itself transfers, and what comes there.
void PipelineTransfers::find_slots() {
  if (!waiting()) return;
  const std::vector<Action>& actions = context_.actions();
  slot_of_.resize(actions.size());
  if (context_.schedule.request.chunks > 1) {
    const SlotTimes times(context_.schedule);
    slots_ = times.slots(context_.stage);
    find_arrivals(times);
  } else {
    slots_.reserve(actions.size());
    arrivals_.edges.reserve(actions.size());
    arrivals_.first.reserve(actions.size() + 2);
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const Edges& inputs = inputs_of(i);
      slots_.push_back({i, i + 1});
      arrivals_.first.push_back(arrivals_.edges.size());
      arrivals_.edges.insert(arrivals_.edges.end(), inputs.begin(), inputs.end());
    }
    arrivals_.first.insert(arrivals_.first.end(), 2, arrivals_.edges.size());
  }
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    for (std::size_t i = slots_[slot].first; i < slots_[slot].end; ++i) slot_of_[i] = slot;
}

void PipelineTransfers::find_arrivals(const SlotTimes& times) {
  std::vector<std::vector<std::pair<int, Edge>>> arrivals(slots_.size() + 1);
  for (std::size_t i = 0; i < context_.actions().size(); ++i)
    for (const Edge& edge : inputs_of(i)) {
      const int from = edge.forward ? edge.handed_by : edge.handed_by + 1;
      const int time = times.made_at(edge.forward, from, context_.actions()[i].micro_batch);
      const std::size_t slot = times.last_by(context_.stage, time);
      arrivals[slot == SlotTimes::kBeforeAll ? 0 : slot + 1].emplace_back(time, edge);
    }
  for (auto& arriving : arrivals) {
    std::stable_sort(arriving.begin(), arriving.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    arrivals_.first.push_back(arrivals_.edges.size());
    for (const auto& [time, edge] : arriving) arrivals_.edges.push_back(edge);
  }
  arrivals_.first.push_back(arrivals_.edges.size());
}

// What stands between a slot and the next, `gap` being the next one's number: the outputs of the one leave, and
// what is due then comes.
void PipelineTransfers::exchange(std::size_t gap) {
  crossing_.clear();
  if (gap > 0)
    for (std::size_t i = slots_[gap - 1].first; i < slots_[gap - 1].end; ++i)
      for (const Edge& edge : outputs_of(i)) crossing_.push_back(edge);
  const std::size_t leaving = crossing_.size();
  const std::span<const Edge> arriving = arrivals_.at(gap);
  crossing_.insert(crossing_.end(), arriving.begin(), arriving.end());

  // Plain 1F1B fuses what goes to and comes from one neighbour; like follows like one by one.
  bool fused = true;
  if (context_.schedule.request.chunks == 1 && crossing_.size() == 2)
    fused = crossing_[0].forward != crossing_[1].forward;

  for (std::size_t k = 0; k < crossing_.size(); ++k) {
    const bool more = fused && k + 1 < crossing_.size();
    if (k < leaving)
      send(context_.streams.main, crossing_[k], more);
    else
      receive(context_.streams.main, crossing_[k], more);
  }
}

// Messages that have come and are not used yet, at most.
int PipelineTransfers::most_early() const {
  int now = 0, most = 0;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    most = std::max(most, now += static_cast<int>(arrivals_.at(slot).size()));
    for (std::size_t i = slots_[slot].first; i < slots_[slot].end; ++i) now -= inputs_of(i).count;
  }
  return most;
}

}  // namespace orrery::models
