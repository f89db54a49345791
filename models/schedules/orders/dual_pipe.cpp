// DualPipe (DeepSeek-V3, arXiv:2412.19437, section 3.2.1): micro-batches enter at
// both ends, and where a forward meets a backward of the other direction the two
// share a slot, so that the computation of one hides the communication of the
// other. Every rank holds two replicas of a stage.
//
// DualPipeV is its cut-in-half: one direction, two chunks a rank placed as a V,
// where the second chunk plays the other direction.
//
// Both are eight runs of a pattern; phase 0 is the direction that starts at the
// nearer end (DualPipeV: the way down), h the distance to that end, q the number
// of ranks in a direction's half:
//
//   1. F0 x 2(q-h-1)          5. (B1, F1&B0) x (q-h-1)
//   2. (F0 F1) x (h+1)        6. (B1 B0) x (h+1), the second half leaves its W for later
//   3. (I1 W1 F1) x (q-h-1)   7. (W I0) x (q-h-1)
//   4. (F0&B1 F1&B0) x n      8. W x (h+1)
//
// with n what is left: m/2 - 2q + h + 1 of a direction's m/2 micro-batches. In
// the middle (h = q-1) the first F0&B1 has nothing to overlap yet and is split.
#include <array>
#include <string>

#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

struct Phase {
  int stage = 0, first = 0;  // micro-batch
};

struct Shape {
  int half = 0, distance = 0, count = 0;  // q, h, micro-batches of a phase
};

class Writer {
 public:
  Writer(std::array<Phase, 2> phases, Shape shape) : phases_(phases), shape_(shape) {}

  Order write() {
    const int q = shape_.half, h = shape_.distance;
    for (int i = 0; i < 2 * (q - h - 1); ++i) forward(0);
    for (int i = 0; i < h + 1; ++i) forward(0), forward(1);
    for (int i = 0; i < q - h - 1; ++i) input(1), weight(), forward(1);
    for (int i = 0; i < shape_.count - 2 * q + h + 1; ++i) overlap(0, i == 0 && h == q - 1), overlap(1, false);
    for (int i = 0; i < q - h - 1; ++i) backward(1), overlap(1, false);
    drain(h + 1);
    for (int i = 0; i < q - h - 1; ++i) weight(), input(0);
    for (int i = 0; i < h + 1; ++i) weight();
    return std::move(order_);
  }

 private:
  Action next(Action::Type type, int phase, std::array<int, 2>& counter) {
    const auto p = static_cast<std::size_t>(phase);
    return {type, phases_[p].stage, phases_[p].first + counter[p]++};
  }
  void forward(int phase) { order_.push_back(next(Action::Type::forward, phase, forwards_)); }
  void backward(int phase) { order_.push_back(next(Action::Type::backward, phase, backwards_)); }
  void input(int phase) {
    order_.push_back(next(Action::Type::input_gradient, phase, backwards_));
    waiting_.push_back(order_.back());
  }
  void weight() {
    order_.push_back(waiting_[done_++]);
    order_.back().type = Action::Type::weight_gradient;
  }
  // The forward of a phase with the backward of the other.
  void overlap(int phase, bool split) {
    if (split) return forward(phase), backward(1 - phase);
    const Action f = next(Action::Type::forward, phase, forwards_);
    const Action b = next(Action::Type::backward, 1 - phase, backwards_);
    order_.push_back({Action::Type::overlap, f.stage, f.micro_batch, b.stage, b.micro_batch});
  }
  // (B1 B0) x n; weight gradients wait from the middle on, half a round later on every other rank.
  void drain(int n) {
    const int middle = 2 * (n / 2) + (shape_.distance % 2 == 0 ? 1 : 0);
    for (int i = 0; i < 2 * n; ++i) {
      if (i < middle)
        backward(1 - i % 2);
      else
        input(1 - i % 2);
    }
  }

  std::array<Phase, 2> phases_;
  Shape shape_;
  std::array<int, 2> forwards_{}, backwards_{};
  Order order_, waiting_;  // waiting_: input gradients whose weight gradient is still to come
  std::size_t done_ = 0;
};

Order dual_pipe(const ScheduleRequest& request, int rank) {
  const int p = request.ranks, m = request.micro_batches, q = p / 2;
  const Phase down{rank, 0}, up{p - 1 - rank, m / 2};
  const Shape shape{q, std::min(rank, p - 1 - rank), m / 2};
  return Writer(rank < q ? std::array{down, up} : std::array{up, down}, shape).write();
}

Order dual_pipe_v(const ScheduleRequest& request, int rank) {
  const int p = request.ranks;
  return Writer({Phase{rank, 0}, Phase{2 * p - 1 - rank, 0}}, {p, rank, request.micro_batches}).write();
}

void check_enough(const ScheduleRequest& request, Errors& errors) {
  if (request.micro_batches < 2 * request.ranks)
    refuse(errors, request.name + " needs at least 2 pp = " + std::to_string(2 * request.ranks) +
                       " micro-batches, but there are " + std::to_string(request.micro_batches));
}

Errors check_both_ends(const ScheduleRequest& request) {
  Errors errors;
  if (request.ranks % 2 != 0)
    refuse(errors,
           "dualpipe needs an even pp, but it is " + std::to_string(request.ranks) + "; did you mean 'dualpipe-v'?");
  if (request.micro_batches % 2 != 0)
    refuse(errors, "dualpipe needs an even number of micro-batches, half from each end, but there are " +
                       std::to_string(request.micro_batches));
  check_enough(request, errors);
  return errors;
}

Errors check_v(const ScheduleRequest& request) {
  Errors errors;
  check_enough(request, errors);
  return errors;
}

}  // namespace

const ScheduleRule kDualPipe{.name = "dualpipe",
                             .placement = Placement::bidirectional,
                             .traits = {.chunks = 1, .splits = true, .replicas = 2},
                             .check = check_both_ends,
                             .orders = by_rank<dual_pipe>,
                             .turn = [](const ScheduleRequest& request) { return request.micro_batches / 2; }};

const ScheduleRule kDualPipeV{.name = "dualpipe-v",
                              .placement = Placement::wave,
                              .traits = {.chunks = 2, .splits = true},
                              .check = check_v,
                              .orders = by_rank<dual_pipe_v>};

}  // namespace orrery::models
