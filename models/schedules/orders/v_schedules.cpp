// Schedules on a V that trade time for memory (Qi et al., "Pipeline Parallelism
// with Controllable Memory", arXiv:2405.15362): each is where the passes of one
// micro-batch stand, see v_pattern.h. Of the 2p stages that 1F1B holds on rank 0,
// V-Half holds a little over a half, V-Min a little over a third, on every rank.
#include "models/schedules/orders/v_pattern.h"

namespace orrery::models {
namespace {

Orders v_min(const ScheduleRequest& request) {
  const int p = request.ranks, gap = p % 3 == 0 ? 2 : 0;
  std::vector<VPattern> pattern;
  for (int i = 0; i < p; ++i) pattern.push_back({i, 2 * p - 1 - i, 2 * p + gap + i, 4 * p + gap - 1 - i});
  return v_pattern_orders(request, pattern, true);
}

Orders v_half(const ScheduleRequest& request) {
  const int p = request.ranks, gap = p % 2 == 0 ? 3 : 0;
  std::vector<VPattern> pattern;
  for (int i = 0; i < p; ++i) pattern.push_back({2 * i, 3 * p - i - 2, 3 * p + gap + 2 * i - 1, 6 * p + gap - i - 2});
  return v_pattern_orders(request, pattern, true);
}

// Fused backwards of two slots, down the V and up: three ranks of a wave fill the
// six slots of a period, so the wave makes way for itself (three slots) after
// every third.
Orders v_1f1b(const ScheduleRequest& request) {
  const int p = request.ranks;
  std::vector<VPattern> pattern(static_cast<std::size_t>(p));
  for (int i = 0; i < p; ++i) {
    pattern[static_cast<std::size_t>(i)].f0 = i;
    pattern[static_cast<std::size_t>(i)].f1 = 2 * p - 1 - i;
  }
  int now = 2 * p + (p % 3 == 0 ? 3 : 0), in_row = (3 - (p + 2) % 3) % 3;
  const auto next = [&] {
    const int slot = now;
    now += 2;
    if (++in_row == 3) in_row = 0, now += 3;
    return slot;
  };
  for (int i = 0; i < p; ++i) pattern[static_cast<std::size_t>(i)].b1 = next();
  for (int i = p - 1; i >= 0; --i) pattern[static_cast<std::size_t>(i)].b0 = next();
  return v_pattern_orders(request, pattern, false);
}

}  // namespace

const ScheduleRule kVMin{.name = "v-min",
                         .placement = Placement::wave,
                         .traits = {.chunks = 2, .searches = true, .splits = true},
                         .orders = v_min};
const ScheduleRule kVHalf{.name = "v-half",
                          .placement = Placement::wave,
                          .traits = {.chunks = 2, .searches = true, .splits = true},
                          .orders = v_half};
const ScheduleRule kV1f1b{.name = "v-1f1b", .placement = Placement::wave, .traits = {.chunks = 2}, .orders = v_1f1b};

}  // namespace orrery::models
