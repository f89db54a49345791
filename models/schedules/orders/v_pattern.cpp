#include "models/schedules/orders/v_pattern.h"

#include <functional>

#include "models/schedules/cells.h"
#include "models/schedules/search/greedy.h"

namespace orrery::models {
namespace {

constexpr int kPeriod = 6;
constexpr int kFree = -1;
constexpr int kNobody = -1;

// A pass and where it stands.
struct Pass {
  Action action;
  int rank = 0, slot = 0, length = 1;
  int end() const { return slot + length; }
};

// The slots of one rank, what it holds at the end of each, and the most that it ever does.
struct Line {
  std::vector<int> occupant, held;
  int peak = 0;
};

class Board {
 public:
  Board(const ScheduleRequest& request, const std::vector<VPattern>& pattern, bool split)
      : request_(request), cells_(request), schedule_{request, Placement::wave}, split_(split), lines_(pattern.size()) {
    for (std::size_t r = 0; r < pattern.size(); ++r) place(static_cast<int>(r), pattern[r]);
    if (split_) fill_weights();
    count_held();
  }

  // Every pass in turn to the first slot that its inputs, the rank's other passes
  // and the peak allow. Passes before it have moved, those after it have not: so
  // memory is never more than the pattern's peak.
  // `steady_too`: else what stands between the end of the first micro-batch and the
  // last one to enter keeps the slots of the pattern.
  void pull_forward(bool steady_too) {
    const int steady = slot_of(kBackward, 0, 0), drain = slot_of(kForward, 0, request_.micro_batches - 1);
    for (const int i : in_order_of_time()) {
      const int slot = passes_[static_cast<std::size_t>(i)].slot;
      if (steady_too || slot < steady || slot > drain) pull(i);
    }
  }

  // Everything as soon as it can be, in the order it has.
  void squeeze() {
    const std::vector<int> order = in_order_of_time();
    for (const Pass& pass : passes_) lift(pass);
    std::vector<int> free_from(lines_.size(), 0);
    for (const int i : order) {
      Pass& pass = passes_[static_cast<std::size_t>(i)];
      int& from = free_from[static_cast<std::size_t>(pass.rank)];
      pass.slot = std::max(from, ready(pass));
      from = pass.end();
      put(pass, i);
    }
    count_held();
  }

  // Behind a rank's last forward, input gradients go first and weight gradients take
  // the slots that they leave: nothing that needs their memory is to come.
  void gradients_first() {
    for (std::size_t i = first_weight_; i < passes_.size(); ++i) lift(passes_[i]);
    passes_.resize(first_weight_);
    for (int& who : index_[kWeight]) who = kNobody;
    std::vector<int> last_forward(lines_.size(), 0);
    for (const Pass& pass : passes_)
      if (pass.action.type == Action::Type::forward)
        last_forward[static_cast<std::size_t>(pass.rank)] =
            std::max(last_forward[static_cast<std::size_t>(pass.rank)], pass.slot);
    for (const int i : in_order_of_time()) {
      const Pass& pass = passes_[static_cast<std::size_t>(i)];
      if (pass.slot > last_forward[static_cast<std::size_t>(pass.rank)]) pull(i);
    }
    fill_weights();
  }

  // The most that each rank holds.
  std::vector<int> peaks() const {
    std::vector<int> peaks;
    for (const Line& line : lines_) peaks.push_back(line.peak);
    return peaks;
  }

  Orders orders() const {
    Orders orders(lines_.size());
    for (const int i : in_order_of_time())
      orders[static_cast<std::size_t>(passes_[static_cast<std::size_t>(i)].rank)].push_back(
          passes_[static_cast<std::size_t>(i)].action);
    return orders;
  }

 private:
  enum Kind { kForward, kBackward, kWeight };

  static Kind kind_of(Action::Type type) {
    if (type == Action::Type::forward) return kForward;
    return type == Action::Type::weight_gradient ? kWeight : kBackward;
  }
  int& index(Kind kind, int stage, int mb) { return index_[static_cast<std::size_t>(kind)][cells_.of(stage, mb)]; }
  int slot_of(Kind kind, int stage, int mb) { return passes_[static_cast<std::size_t>(index(kind, stage, mb))].slot; }
  Line& line(const Pass& pass) { return lines_[static_cast<std::size_t>(pass.rank)]; }

  void add(Action action, int rank, int slot, int length) {
    for (auto& table : index_)
      if (table.empty()) table.assign(cells_.size(), kNobody);
    index(kind_of(action.type), action.stage, action.micro_batch) = static_cast<int>(passes_.size());
    passes_.push_back({action, rank, slot, length});
    put(passes_.back(), static_cast<int>(passes_.size()) - 1);
  }

  void put(const Pass& pass, int who) {
    std::vector<int>& slots = line(pass).occupant;
    if (slots.size() < static_cast<std::size_t>(pass.end())) slots.resize(static_cast<std::size_t>(pass.end()), kFree);
    for (int s = pass.slot; s < pass.end(); ++s) slots[static_cast<std::size_t>(s)] = who;
  }
  void lift(const Pass& pass) { put(pass, kFree); }

  void place(int rank, const VPattern& at) {
    const int top = rank, bottom = 2 * request_.ranks - 1 - rank, long_one = split_ ? 1 : 2;
    const auto back = split_ ? input_gradient : backward;
    for (int k = 0; k < request_.micro_batches; ++k) {
      add(forward(top, k), rank, at.f0 + kPeriod * k, 1);
      add(forward(bottom, k), rank, at.f1 + kPeriod * k, 1);
      add(back(bottom, k), rank, at.b1 + kPeriod * k, long_one);
      add(back(top, k), rank, at.b0 + kPeriod * k, long_one);
    }
    first_weight_ = passes_.size();
  }

  // The oldest weight gradient into every free slot, and the rest behind.
  void fill_weights() {
    for (std::size_t r = 0; r < lines_.size(); ++r) {
      std::vector<Action> waiting;
      std::size_t next = 0;
      for (std::size_t s = 0; s < lines_[r].occupant.size() || next < waiting.size(); ++s) {
        const int who = s < lines_[r].occupant.size() ? lines_[r].occupant[s] : kFree;
        if (who != kFree) {
          const Action& a = passes_[static_cast<std::size_t>(who)].action;
          if (a.type == Action::Type::input_gradient) waiting.push_back(weight_gradient(a.stage, a.micro_batch));
        } else if (next < waiting.size()) {
          add(waiting[next++], static_cast<int>(r), static_cast<int>(s), 1);
        }
      }
    }
  }

  void count_held() {
    for (Line& line : lines_) {
      line.peak = 0;
      line.held.assign(line.occupant.size(), 0);
      int now = 0;
      for (std::size_t s = 0; s < line.occupant.size(); ++s) {
        if (line.occupant[s] != kFree) now += change_at(passes_[static_cast<std::size_t>(line.occupant[s])], s);
        line.held[s] = now;
        line.peak = std::max(line.peak, now);
      }
    }
    if (split_) return;
    // As in the program of the paper's authors, whose order this is: everybody up to the most of anybody.
    int most = 0;
    for (const Line& line : lines_) most = std::max(most, line.peak);
    for (Line& line : lines_) line.peak = most;
  }
  // A forward takes memory in its slot, the end of a weight gradient gives it back.
  static int change_at(const Pass& pass, std::size_t slot) {
    if (pass.action.type == Action::Type::forward) return 1;
    return makes_weight_gradient(pass.action.type) && static_cast<int>(slot) + 1 == pass.end() ? -1 : 0;
  }

  std::vector<int> in_order_of_time() const {
    std::vector<int> order(passes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    std::sort(order.begin(), order.end(), [this](int a, int b) {
      const Pass &x = passes_[static_cast<std::size_t>(a)], &y = passes_[static_cast<std::size_t>(b)];
      return std::pair(x.slot, x.rank) < std::pair(y.slot, y.rank);
    });
    return order;
  }

  // The first slot in which everything that `pass` needs is there.
  int ready(const Pass& pass) {
    const Action& a = pass.action;
    const Kind kind = kind_of(a.type);
    int at = 0;
    const auto after = [&](Kind k, int stage, int mb) {
      const int i = index(k, stage, mb);
      if (i >= 0) at = std::max(at, passes_[static_cast<std::size_t>(i)].end());
    };
    if (a.micro_batch > 0) after(kind, a.stage, a.micro_batch - 1);
    if (kind == kForward && a.stage > 0) after(kForward, a.stage - 1, a.micro_batch);
    if (kind == kWeight) after(kBackward, a.stage, a.micro_batch);
    if (kind == kBackward) {
      if (a.stage + 1 < schedule_.stages())
        after(kBackward, a.stage + 1, a.micro_batch);
      else
        after(kForward, a.stage, a.micro_batch);
    }
    return at;
  }

  void pull(int who) {
    Pass& pass = passes_[static_cast<std::size_t>(who)];
    int slot = ready(pass);
    if (pass.action.type == Action::Type::forward) slot = std::max(slot, first_slot_with_room(pass, slot));
    while (slot < pass.slot && !is_free(pass, slot)) ++slot;
    if (slot >= pass.slot) return;
    const int from = pass.slot;
    lift(pass);
    pass.slot = slot;
    put(pass, who);
    const int change =
        pass.action.type == Action::Type::forward ? 1 : (makes_weight_gradient(pass.action.type) ? -1 : 0);
    for (int s = pass.end() - 1; s < from + pass.length - 1; ++s)
      line(pass).held[static_cast<std::size_t>(s)] += change;
  }

  bool is_free(const Pass& pass, int slot) {
    const std::vector<int>& slots = line(pass).occupant;
    for (int s = slot; s < slot + pass.length; ++s)
      if (slots[static_cast<std::size_t>(s)] != kFree) return false;
    return true;
  }

  // From there to where the forward stands now, one more fits everywhere.
  int first_slot_with_room(const Pass& pass, int earliest) {
    int slot = pass.slot;
    while (slot > earliest && line(pass).held[static_cast<std::size_t>(slot - 1)] < line(pass).peak) --slot;
    return slot;
  }

  const ScheduleRequest& request_;
  const Cells cells_;
  Schedule schedule_;
  bool split_;
  std::vector<Line> lines_;
  std::vector<Pass> passes_;
  std::size_t first_weight_ = 0;  // weight gradients stand behind all else in passes_
  std::array<std::vector<int>, 3> index_;
};

}  // namespace

Orders v_pattern_orders(const ScheduleRequest& request, const std::vector<VPattern>& pattern, bool split) {
  Board board(request, pattern, split);
  const std::vector<int> peaks = board.peaks();
  Board steady = board;
  board.pull_forward(true);
  Orders best = board.orders();
  if (!split) return best;
  const auto window = [&](const Orders& orders) {
    return evaluate_orders(request, Placement::wave, orders).longest_rank_window;
  };
  const auto consider = [&](Orders orders) {
    const std::vector<int> held = evaluate_orders(request, Placement::wave, orders).peak_in_flight_weights;
    const bool within = std::equal(held.begin(), held.end(), peaks.begin(), std::less_equal<>());
    if (within && window(orders) < window(best)) best = std::move(orders);
  };
  steady.pull_forward(false);
  for (Board* each : {&board, &steady}) {
    consider(each->orders());
    each->squeeze();
    each->gradients_first();
    consider(each->orders());
  }
  return shortest_greedy(request, Placement::wave, peaks, std::move(best));
}

}  // namespace orrery::models
