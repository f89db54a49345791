// The heuristic of "Zero Bubble Pipeline Parallelism" (arXiv:2401.10241, section
// 3.1 and appendix), in rounds:
//
//  1. Warm-up, from the last rank upward: forwards that fit in memory and end
//     before the first backward can arrive (or one that overlaps it). A rank has
//     at least as many as the next one, which needs them.
//  2. Steady: a round is at most one forward a rank, down the ranks, then at most
//     one input gradient, up the ranks. While a rank waits for the input of
//     either, and when memory is short, it runs weight gradients: those that fit
//     the wait, and perhaps one that does not (ZbOptions::overrun).
//  3. Weight gradients that are left.
#include "models/schedules/search/zb_heuristic.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNotYet = -1;

class Heuristic {
 public:
  Heuristic(const ScheduleRequest& request, const ZbOptions& options)
      : options_(options), p_(request.ranks), m_(request.micro_batches) {
    stages_.resize(static_cast<std::size_t>(p_));
    for (int s = 0; s < p_; ++s) {
      Stage& stage = at(s);
      stage.index = s;
      stage.cost = costs_of(request, s);
      stage.memory = memory_of(request, s);
      stage.forward_end.assign(static_cast<std::size_t>(m_), kNotYet);
      stage.input_end.assign(static_cast<std::size_t>(m_), kNotYet);
    }
  }

  Orders run() {
    warm_up();
    for (bool moved = true; moved;) {
      moved = false;
      for (int s = 0; s < p_; ++s) moved |= try_forward(s);
      for (int s = p_ - 1; s >= 0; --s) moved |= try_input(s);
    }
    Orders orders;
    for (Stage& stage : stages_) {
      if (stage.inputs < m_) return {};
      while (stage.weights < m_) run_weight(stage);
      orders.push_back(std::move(stage.order));
    }
    return orders;
  }

 private:
  struct Stage {
    ScheduleCosts cost;
    StageMemory memory;
    int index = 0, forwards = 0, inputs = 0, weights = 0;
    std::int64_t now = 0, held = 0, idle = 0;
    std::vector<std::int64_t> forward_end, input_end;
    Order order;
    std::int64_t forward_holds() const { return memory.input + memory.weight; }
    bool has_room() const { return held + forward_holds() <= memory.limit; }
  };

  Stage& at(int s) { return stages_[static_cast<std::size_t>(s)]; }

  // When forwards reach a rank at best: no faster than the slowest before it makes them.
  struct Stream {
    std::int64_t first = 0, pace = 0;
    std::int64_t arrival(int k) const { return first + k * pace; }
  };
  std::vector<Stream> forward_streams() const {
    std::vector<Stream> streams(stages_.size());
    for (std::size_t s = 1; s < streams.size(); ++s) {
      const ScheduleCosts& before = stages_[s - 1].cost;
      streams[s] = {streams[s - 1].first + before.forward + before.transfer,
                    std::max(streams[s - 1].pace, before.forward)};
    }
    return streams;
  }

  // How many forwards each rank runs before its first backward, from the last rank up.
  void warm_up() {
    const std::vector<Stream> streams = forward_streams();
    std::vector<int> count(stages_.size());
    std::int64_t gradient = 0;  // when the first one arrives
    for (std::size_t s = count.size(); s-- > 0;) {
      const bool last = s + 1 == count.size();
      std::int64_t now = 0;
      const int least = last ? (options_.warm_up_slope > 0 ? 0 : 1) : count[s + 1];
      count[s] = warm_up_of(stages_[s], streams[s], least, last, gradient, now);
      gradient = std::max(gradient, now) + stages_[s].cost.input_gradient + (s > 0 ? stages_[s].cost.transfer : 0);
    }
    for (int s = 0; s < p_; ++s)
      for (int k = 0; k < count[static_cast<std::size_t>(s)] && forward_arrival(s) != kNotYet; ++k) run_forward(s);
  }

  // `least` forwards if memory allows, and what else ends before the gradient
  // arrives; the last rank has its own as soon as its first forward is done.
  int warm_up_of(const Stage& stage, const Stream& stream, int least, bool last, std::int64_t& gradient,
                 std::int64_t& now) const {
    std::int64_t held = 0;
    int k = 0;
    for (; k < m_ && held + stage.forward_holds() <= stage.memory.limit; ++k) {
      const std::int64_t start = std::max(now, stream.arrival(k));
      const std::int64_t needed = options_.fill_before_first_backward ? 1 : stage.cost.forward;
      if (k >= least && (options_.warm_up_slope > 0 ? is_steep_enough(stage, k) : start + needed > gradient)) break;
      now = start + stage.cost.forward;
      held += stage.forward_holds();
      if (last && k == 0) gradient = now;
    }
    return k;
  }

  // `k` forwards and the one of the first round are what the slope asks for; filled up, rank 0 goes on until its memory
  // is full.
  bool is_steep_enough(const Stage& stage, int k) const {
    if (options_.fill_before_first_backward && stage.index == 0) return false;
    return 4 * k >= options_.warm_up_slope * (p_ - 1 - stage.index);
  }

  std::int64_t forward_arrival(int s) {
    const Stage& stage = at(s);
    if (stage.forwards >= m_) return kNotYet;
    if (s == 0) return 0;
    const Stage& before = at(s - 1);
    const std::int64_t end = before.forward_end[static_cast<std::size_t>(stage.forwards)];
    return end == kNotYet ? kNotYet : end + before.cost.transfer;
  }
  std::int64_t input_arrival(int s) {
    const Stage& stage = at(s);
    if (stage.inputs >= stage.forwards) return kNotYet;
    const auto k = static_cast<std::size_t>(stage.inputs);
    if (s + 1 == p_) return stage.forward_end[k];
    const Stage& behind = at(s + 1);
    const std::int64_t end = behind.input_end[k];
    return end == kNotYet ? kNotYet : end + behind.cost.transfer;
  }

  bool try_forward(int s) {
    Stage& stage = at(s);
    const std::int64_t arrival = forward_arrival(s);
    if (arrival == kNotYet) return false;
    const std::int64_t gradient = input_arrival(s);
    if (options_.backward_first && gradient != kNotYet && gradient < arrival) return false;
    while (!stage.has_room() && stage.weights < stage.inputs) run_weight(stage);
    if (!stage.has_room()) return false;
    fill_wait(stage, arrival);
    run_forward(s);
    return true;
  }

  bool try_input(int s) {
    Stage& stage = at(s);
    const std::int64_t arrival = input_arrival(s);
    if (arrival == kNotYet) return false;
    fill_wait(stage, arrival);
    start(stage, input_gradient(s, stage.inputs), arrival, stage.cost.input_gradient);
    stage.held -= stage.memory.input;
    stage.input_end[static_cast<std::size_t>(stage.inputs++)] = stage.now;
    return true;
  }

  void fill_wait(Stage& stage, std::int64_t arrival) {
    while (stage.weights < stage.inputs && stage.now < arrival) {
      const std::int64_t wait = arrival - stage.now;
      if (stage.cost.weight_gradient > wait && keeps(stage, wait)) return;
      run_weight(stage);
    }
  }
  bool keeps(const Stage& stage, std::int64_t wait) const {
    if (options_.overrun == ZbOptions::Overrun::always) return false;
    return options_.overrun == ZbOptions::Overrun::never || stage.idle + wait <= worst_idle();
  }
  std::int64_t worst_idle() const {
    std::int64_t worst = 0;
    for (const Stage& stage : stages_) worst = std::max(worst, stage.idle);
    return worst;
  }

  void run_forward(int s) {
    Stage& stage = at(s);
    start(stage, forward(s, stage.forwards), forward_arrival(s), stage.cost.forward);
    stage.held += stage.forward_holds();
    stage.forward_end[static_cast<std::size_t>(stage.forwards++)] = stage.now;
  }
  void run_weight(Stage& stage) {
    start(stage, weight_gradient(stage.index, stage.weights++), stage.now, stage.cost.weight_gradient);
    stage.held -= stage.memory.weight;
  }
  void start(Stage& stage, const Action& action, std::int64_t arrival, std::int64_t cost) {
    if (!stage.order.empty()) stage.idle += std::max<std::int64_t>(0, arrival - stage.now);
    stage.now = std::max(stage.now, arrival) + cost;
    stage.order.push_back(action);
  }

  ZbOptions options_;
  int p_, m_;
  std::vector<Stage> stages_;
};

}  // namespace

StageMemory memory_of(const ScheduleRequest& request, int stage) {
  if (request.memory.empty()) return {1, 1, 2 * request.ranks};
  StageMemory memory = request.memory[request.memory.size() == 1 ? 0 : static_cast<std::size_t>(stage)];
  if (memory.limit == 0) memory.limit = request.ranks * (memory.input + memory.weight);
  return memory;
}

Orders zb_heuristic(const ScheduleRequest& request, const ZbOptions& options) {
  return Heuristic(request, options).run();
}

}  // namespace orrery::models
