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
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const Edges inputs = inputs_of(i);
      slots_.push_back({i});
      arrivals_.emplace_back(inputs.begin(), inputs.end());
    }
    arrivals_.emplace_back();
  }
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    for (const std::size_t i : slots_[slot]) slot_of_[i] = slot;
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
    arrivals_.emplace_back();
    for (const auto& [time, edge] : arriving) arrivals_.back().push_back(edge);
  }
}

// What stands between a slot and the next, `gap` being the next one's number: the outputs of the one leave, and
// what is due then comes.
void PipelineTransfers::exchange(std::size_t gap) {
  struct Item {
    Edge edge;
    bool sends;
  };
  std::vector<Item> items;
  if (gap > 0)
    for (std::size_t i : slots_[gap - 1])
      for (const Edge& edge : outputs_of(i)) items.push_back({edge, true});
  for (const Edge& edge : arrivals_[gap]) items.push_back({edge, false});

  // Plain 1F1B fuses what goes to and comes from one neighbour; like follows like one by one.
  bool fused = true;
  if (context_.schedule.request.chunks == 1 && items.size() == 2)
    fused = items[0].edge.forward != items[1].edge.forward;

  for (std::size_t k = 0; k < items.size(); ++k) {
    const bool more = fused && k + 1 < items.size();
    const auto& [edge, sends] = items[k];
    if (sends)
      send(context_.streams.main, edge, more);
    else
      receive(context_.streams.main, edge, more);
  }
}

// Messages that have come and are not used yet, at most.
int PipelineTransfers::most_early() const {
  int now = 0, most = 0;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    most = std::max(most, now += static_cast<int>(arrivals_[slot].size()));
    for (const std::size_t i : slots_[slot]) now -= inputs_of(i).count;
  }
  return most;
}

}  // namespace orrery::models
