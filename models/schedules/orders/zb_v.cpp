// ZB-V in the fixed order of PyTorch's ScheduleZBVZeroBubble (arXiv:2401.10241,
// section 6): two chunks a rank placed as a V, so that rank 0 has the first and
// the last stage and can answer a forward at once. For T_F = T_I = T_W and
// m >= 2p-1 no rank waits once it has begun, with the memory of 1F1B.
//
// On rank r, with chunk 0 on the way down and chunk 1 on the way up:
//
//   warm-up    F0 x (2(p-r)-1), (F1 F0) x r, (F1 I1 W1) x (p-r)
//   steady     F0 I0 W0 F1 I1 W1
//   cool-down  (I0 I1) x r, (I0 W0) x (p-r), W1..., W0...
//
// written for max(2p-1, m) micro-batches; those there are not fall out.
#include <array>

#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

class Writer {
 public:
  Writer(const ScheduleRequest& request, int rank)
      : p_(request.ranks), r_(rank), m_(request.micro_batches), written_for_(std::max(2 * p_ - 1, m_)) {}

  Order write() {
    for (int i = 0; i < 2 * (p_ - r_) - 1; ++i) forward(0);
    for (int i = 0; i < r_; ++i) forward(1), forward(0);
    for (int i = 0; i < p_ - r_; ++i) forward(1), input(1), weight(1);
    while (forwards_[1] < written_for_) {
      if (forwards_[0] < written_for_) forward(0);
      input(0), weight(0), forward(1), input(1), weight(1);
    }
    for (int i = 0; i < r_; ++i) input(0), input(1);
    for (int i = 0; i < p_ - r_; ++i) input(0), weight(0);
    for (const int chunk : {1, 0})
      while (weights_[static_cast<std::size_t>(chunk)] < written_for_) weight(chunk);
    return std::move(order_);
  }

 private:
  void forward(int chunk) { add(Action::Type::forward, chunk, forwards_); }
  void input(int chunk) { add(Action::Type::input_gradient, chunk, inputs_); }
  void weight(int chunk) { add(Action::Type::weight_gradient, chunk, weights_); }
  void add(Action::Type type, int chunk, std::array<int, 2>& counter) {
    const int micro_batch = counter[static_cast<std::size_t>(chunk)]++;
    if (micro_batch < m_) order_.push_back({type, chunk == 0 ? r_ : 2 * p_ - 1 - r_, micro_batch});
  }

  int p_, r_, m_, written_for_;
  std::array<int, 2> forwards_{}, inputs_{}, weights_{};
  Order order_;
};

Order order(const ScheduleRequest& request, int rank) {
  return Writer(request, rank).write();
}

}  // namespace

const ScheduleRule kZbV{
    .name = "zb-v", .placement = Placement::wave, .traits = {.chunks = 2, .splits = true}, .orders = by_rank<order>};

}  // namespace orrery::models
