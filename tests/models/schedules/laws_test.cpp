// What must hold for every (p, m, v, N): closed forms of the literature, and
// properties of every order that can be executed.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/schedules/notation.h"
#include "models/schedules/schedule.h"
#include "sim/base/digest.h"

namespace orrery::models {
namespace {

const std::vector<ScheduleCosts> kFreeTransfers = {
    {1, 1, 1, 0, 2, 3}, {10, 12, 8, 0, 20, 26}, {100, 100, 100, 0, 200, 270}};

Schedule schedule_of(const ScheduleRequest& request) {
  const Result<Schedule> schedule = make_schedule(request);
  if (schedule) return *schedule;
  ADD_FAILURE() << to_string(schedule.errors().front());
  return {};
}

std::string describe(const ScheduleRequest& r) {
  return r.name + " p=" + std::to_string(r.ranks) + " m=" + std::to_string(r.micro_batches) +
         " v=" + std::to_string(r.chunks) + " N=" + std::to_string(r.group) + " +" + std::to_string(r.extra_warmup) +
         r.rule;
}

// (m + p - 1)(T_F + T_B): GPipe, section 2.2; Narayanan et al. 2021, section 2.2.
TEST(ClosedForm, MakespanOfGpipeAndOneForwardOneBackward) {
  for (const char* name : {"gpipe", "1f1b"})
    for (int p = 1; p <= 9; ++p)
      for (int m = 1; m <= 20; ++m)
        for (const ScheduleCosts& c : kFreeTransfers)
          EXPECT_EQ(evaluate(schedule_of({name, p, m}), c).makespan, (m + p - 1) * (c.forward + c.backward))
              << name << " p=" << p << " m=" << m;
}

// (m v + p - 1)(T_F + T_B), a bubble of (p-1)/(v m) of the ideal: Narayanan et al. 2021, section 2.2.2.
TEST(ClosedForm, MakespanOfInterleavedAndLooped) {
  for (int p = 1; p <= 6; ++p)
    for (int v = 2; v <= 4; ++v)
      for (int rounds = 1; rounds <= 3; ++rounds)
        for (const char* name : {"interleaved-1f1b", "looped-bfs"})
          for (const ScheduleCosts& c : kFreeTransfers) {
            const int m = rounds * p;
            const ScheduleTimes times = evaluate(schedule_of({name, p, m, v}), c);
            EXPECT_EQ(times.makespan, (m * v + p - 1) * (c.forward + c.backward)) << name << p << m << v;
            EXPECT_DOUBLE_EQ(times.bubble_ratio, static_cast<double>(p - 1) / (v * m));
          }
}

// Any group from p to m, as long as the rest of the division is 0 or at least p,
// has the bubble of the classic one.
TEST(ClosedForm, TheGroupSizeDoesNotChangeTheBubble) {
  for (int p = 2; p <= 5; ++p)
    for (int m = p; m <= 16; ++m)
      for (int n = p; n <= m; ++n) {
        if (m % n != 0 && m % n < p) continue;
        EXPECT_EQ(evaluate(schedule_of({"interleaved-1f1b", p, m, 3, n}), {}).makespan, 3 * (3 * m + p - 1))
            << p << m << n;
      }
}

// m < p: the last chunk cannot start before the first has come round. p=4, m=3, v=2
// takes 30 units where the formula says 27.
TEST(ClosedForm, FewerMicroBatchesThanRanksWaitForTheLoop) {
  ScheduleRequest request{"interleaved-1f1b", 4, 3, 2};
  request.rule = "rounds";
  EXPECT_EQ(evaluate(schedule_of(request), {}).makespan, 30);
}

// Groups shorter than the pipeline cannot keep it full (a group comes round after p
// slots and has work for N), but they run, and with fewer in flight than N = p.
TEST(ClosedForm, ShortGroupsTradeABubbleForMemory) {
  for (int p = 2; p <= 9; ++p)
    for (int n = 1; n < p; ++n)
      for (int v = 2; v <= 3; ++v) {
        const int m = 2 * p * n;
        const ScheduleTimes few = evaluate(schedule_of({"interleaved-1f1b", p, m, v, n}), {});
        const ScheduleTimes full = evaluate(schedule_of({"interleaved-1f1b", p, m, v, p}), {});
        EXPECT_GE(few.makespan, full.makespan) << p << n;
        EXPECT_LT(few.peak_in_flight.front(), full.peak_in_flight.front()) << p << n;
      }
}

TEST(ClosedForm, InFlight) {
  for (int p = 1; p <= 8; ++p)
    for (int m = 1; m <= 2 * p; ++m) {
      const ScheduleTimes all = evaluate(schedule_of({"gpipe", p, m}), {}),
                          few = evaluate(schedule_of({"1f1b", p, m}), {});
      for (int r = 0; r < p; ++r) {
        EXPECT_EQ(all.peak_in_flight[static_cast<std::size_t>(r)], m);
        EXPECT_EQ(few.peak_in_flight[static_cast<std::size_t>(r)], std::min(p - r, m));
      }
    }
}

// min(2(p-1-r) + (v-1)N + extra, m v) forwards of warm-up and one more, for groups of at least p.
TEST(ClosedForm, InFlightOfInterleaved) {
  for (int p = 1; p <= 5; ++p)
    for (int v = 2; v <= 4; ++v)
      for (int n = p; n <= 3 * p; ++n)
        for (int extra = 0; extra <= 1; ++extra) {
          const int m = 2 * n;
          ScheduleRequest request{"interleaved-1f1b", p, m, v, n};
          request.extra_warmup = extra;
          const ScheduleTimes times = evaluate(schedule_of(request), {});
          for (int r = 0; r < p; ++r)
            EXPECT_EQ(times.peak_in_flight[static_cast<std::size_t>(r)],
                      std::min(2 * (p - 1 - r) + (v - 1) * n + extra + 1, m * v))
                << describe(request);
        }
}

// m (T_F + T_I + T_W) + (p-1)(T_F + T_I - T_W) for T_W <= T_I: arXiv:2401.10241, section 2.3,
// and m v times as much for the interleaved one.
TEST(ClosedForm, ZeroBubbleWithTheMemoryOfOneForwardOneBackward) {
  for (int p = 1; p <= 8; ++p)
    for (int m = p; m <= 4 * p; ++m)
      for (const ScheduleCosts& c : kFreeTransfers) {
        const std::int64_t work = c.forward + c.input_gradient + c.weight_gradient;
        const std::int64_t fill = (p - 1) * (c.forward + c.input_gradient - c.weight_gradient);
        const ScheduleTimes times = evaluate(schedule_of({"zb-h1", p, m}), c);
        EXPECT_EQ(times.makespan, m * work + fill) << p << ' ' << m;
        for (int r = 0; r < p; ++r) EXPECT_LE(times.peak_in_flight_weights[static_cast<std::size_t>(r)], p);
        if (m % p == 0) {
          EXPECT_EQ(evaluate(schedule_of({"interleaved-zb1p", p, m, 2}), c).makespan, 2 * m * work + fill) << p << m;
        }
      }
}

// No rank waits once it has begun, if the three passes take equally long; 2p - 1
// in flight. In general the longest wait is (p-1)(T_F + T_I - 2 T_W): section 2.3.
TEST(ClosedForm, ZeroBubbleWithTwiceTheMemory) {
  for (int p = 1; p <= 8; ++p)
    for (int m = 2 * p; m <= 4 * p; ++m) {
      const ScheduleTimes times = evaluate(schedule_of({"zb-h2", p, m}), {});
      EXPECT_EQ(times.longest_rank_window, 3 * m) << p << ' ' << m;
      EXPECT_EQ(times.makespan, 3 * m + p - 1);
      for (int r = 0; r < p; ++r) EXPECT_LE(times.peak_in_flight_weights[static_cast<std::size_t>(r)], 2 * p - 1);
    }
}

// m >= 2p-1: no idle inside any window, 2p chunks on every rank.
TEST(ClosedForm, ZeroBubbleOnAV) {
  for (int p = 1; p <= 8; ++p)
    for (int m = 2 * p - 1; m <= 4 * p; ++m) {
      const ScheduleTimes times = evaluate(schedule_of({"zb-v", p, m, 2}), {});
      EXPECT_EQ(times.longest_rank_window, 6 * m) << p << ' ' << m;
      for (int r = 0; r < p; ++r) EXPECT_EQ(times.peak_in_flight_weights[static_cast<std::size_t>(r)], 2 * p);
    }
}

// (p/2 - 1)(T_F&B + T_B - 3 T_W) for equal passes: DeepSeek-V3, arXiv:2412.19437, table 2; p + 1 in flight.
TEST(ClosedForm, DualPipe) {
  for (int p = 2; p <= 8; p += 2)
    for (int m = 2 * p; m <= 4 * p; m += 2) {
      const ScheduleTimes times = evaluate(schedule_of({"dualpipe", p, m}), {});
      EXPECT_EQ(times.makespan, 3 * m + (p / 2 - 1) * (3 + 2 - 3)) << p << ' ' << m;
      for (int r = 0; r < p; ++r) EXPECT_EQ(times.peak_in_flight[static_cast<std::size_t>(r)], p + 1);
    }
}

// 2 T_F (3m/2 + p - 2) for T_B = 2 T_F and m = p: Chimera, arXiv:2107.06925; p/2 + 1 in flight at the ends, p in the
// middle.
TEST(ClosedForm, Chimera) {
  for (int p = 2; p <= 16; p += 2) {
    const ScheduleTimes times = evaluate(schedule_of({"chimera", p, p}), {});
    EXPECT_EQ(times.makespan, 3 * p + 2 * p - 4) << p;
    EXPECT_EQ(times.peak_in_flight.front(), p / 2 + 1);
    EXPECT_EQ(times.peak_in_flight[static_cast<std::size_t>(p / 2)], p);
  }
}

// Memory of the V schedules as shares of 1F1B's 2p chunks: a half and a third, and a few more (arXiv:2405.15362, table
// 1).
TEST(ClosedForm, VSchedulesHoldTheirShareOfMemory) {
  for (int p = 2; p <= 16; ++p) {
    const auto held = [&](const char* name) {
      const ScheduleTimes times = evaluate(schedule_of({name, p, 3 * p, 2}), {});
      return *std::max_element(times.peak_in_flight_weights.begin(), times.peak_in_flight_weights.end());
    };
    EXPECT_LE(held("v-half"), p + 2) << p;
    EXPECT_LE(held("v-min"), (2 * p + 2) / 3 + 2) << p;
    EXPECT_LE(held("zb-v-auto"), 2 * p) << p;
  }
}

// As many micro-batches as ranks, which is what Hanayo's paper draws: faster than
// 1F1B at no more memory, the more so the more waves.
TEST(ClosedForm, HanayoIsFasterThanOneForwardOneBackwardForAFullPipeline) {
  for (int p = 2; p <= 8; ++p)
    for (const int v : {2, 4}) {
      const ScheduleTimes times = evaluate(schedule_of({"hanayo", p, p, v}), {});
      for (const int held : times.peak_in_flight) EXPECT_LE(held, p * v);
      EXPECT_LT(times.makespan, evaluate(schedule_of({"1f1b", p, p}), {}).makespan * v) << p << v;
    }
}

// A stream of requests, the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  int between(int low, int high) {
    state_ = Digest::mix(state_ + 0x9e3779b97f4a7c15ull);
    return low + static_cast<int>(state_ % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

// Of one of `names`, with a shape that it takes more often than not.
ScheduleRequest draw_request(Draw& draw, std::span<const std::string_view> names) {
  ScheduleRequest request;
  request.name = names[static_cast<std::size_t>(draw.between(0, static_cast<int>(names.size()) - 1))];
  request.ranks = request.name == "none" ? 1 : draw.between(1, 9);
  request.micro_batches = draw.between(1, 40);
  const int chunks = schedule_traits(request.name).chunks;
  request.chunks = chunks > 0 ? chunks : draw.between(2, 5);
  if (request.name != "interleaved-1f1b") return request;
  request.extra_warmup = draw.between(0, 2);
  if (draw.between(0, 3) == 0)
    request.rule = "rounds";
  else
    request.group = draw.between(0, request.micro_batches);
  return request;
}

constexpr std::string_view kDownOnly[] = {"none", "gpipe", "1f1b", "interleaved-1f1b", "looped-bfs"};

std::vector<Schedule> draw_schedules(std::uint64_t seed, int tries,
                                     std::span<const std::string_view> names = schedule_names()) {
  Draw draw(seed);
  std::vector<Schedule> schedules;
  for (int i = 0; i < tries; ++i)
    if (const Result<Schedule> schedule = make_schedule(draw_request(draw, names))) schedules.push_back(*schedule);
  EXPECT_GT(schedules.size(), static_cast<std::size_t>(tries) / 2);
  return schedules;
}

// Each rank does the forward and the backward of each of its stages and
// micro-batches once, in that order, a weight gradient behind its input gradient.
TEST(EveryOrder, HasEachPassOnceAndForwardBeforeBackward) {
  for (const Schedule& schedule : draw_schedules(1, 600)) {
    const ScheduleRequest& request = schedule.request;
    ASSERT_EQ(schedule.order.size(), static_cast<std::size_t>(request.ranks)) << describe(request);
    std::size_t done = 0;
    for (int rank = 0; rank < request.ranks; ++rank) {
      std::set<std::pair<int, int>> forward, input, weight;
      for (const Action& action : schedule.order[static_cast<std::size_t>(rank)])
        for (const Action& pass : passes(action)) {
          const std::pair cell{pass.stage, pass.micro_batch};
          EXPECT_EQ(schedule.rank_of(pass.stage, pass.micro_batch), rank) << describe(request);
          if (pass.type == Action::Type::forward) {
            EXPECT_TRUE(forward.insert(cell).second) << describe(request);
          }
          if (makes_input_gradient(pass.type)) {
            EXPECT_TRUE(forward.contains(cell) && input.insert(cell).second) << describe(request);
          }
          if (makes_weight_gradient(pass.type)) {
            EXPECT_TRUE(input.contains(cell) && weight.insert(cell).second) << describe(request);
          }
        }
      EXPECT_EQ(weight.size(), forward.size()) << describe(request);
      done += weight.size();
    }
    EXPECT_EQ(done, static_cast<std::size_t>(schedule.stages() * request.micro_batches)) << describe(request);
  }
}

// What a rank holds is what the schedule's placement says, and every stage stands on one rank of its chunk.
TEST(EveryOrder, PlacementIsOneToOne) {
  for (const Schedule& schedule : draw_schedules(7, 200))
    for (int rank = 0; rank < schedule.request.ranks; ++rank)
      for (int chunk = 0; chunk < schedule.chunks(); ++chunk) {
        const int stage = schedule.stage_of(rank, chunk);
        const int micro_batch = schedule.placement == Placement::bidirectional && chunk == 1 ? schedule.turn : 0;
        EXPECT_EQ(schedule.rank_of(stage, micro_batch), rank) << describe(schedule.request);
        EXPECT_EQ(schedule.chunk_of(stage, micro_batch), chunk) << describe(schedule.request);
        const int step = schedule.step_after(stage, micro_batch), p = schedule.request.ranks;
        if (stage + 1 < schedule.stages()) {
          EXPECT_EQ(schedule.rank_of(stage + 1, micro_batch), (rank + step + p) % p) << describe(schedule.request);
        }
      }
}

// A file of an order is that order.
TEST(EveryOrder, IsReadAsItIsWritten) {
  for (const Schedule& schedule : draw_schedules(8, 200)) {
    ScheduleRequest request = schedule.request;
    request.name = "order.csv";
    const Result<Schedule> read = parse_order(schedule_csv(schedule), request);
    ASSERT_TRUE(read.ok()) << describe(schedule.request) << to_string(read.errors().front());
    EXPECT_EQ(read->order, schedule.order) << describe(schedule.request);
  }
}

TEST(EveryOrder, RunsToItsEndUnderAnyCosts) {
  Draw draw(2);
  for (const Schedule& schedule : draw_schedules(3, 400)) {
    const ScheduleCosts costs{draw.between(0, 9),  draw.between(0, 9), draw.between(0, 9),
                              draw.between(0, 20), draw.between(0, 9), draw.between(0, 9)};
    EXPECT_NE(evaluate(schedule, costs).makespan, ScheduleTimes::kNeverEnds) << describe(schedule.request);
  }
}

// No schedule can beat one micro-batch's way down and back, nor the work of a
// rank with the way to the first and from the last of it.
TEST(EveryOrder, TakesAtLeastWhatItMust) {
  for (const Schedule& schedule : draw_schedules(4, 400, kDownOnly)) {
    const ScheduleRequest& request = schedule.request;
    const ScheduleCosts costs{3, 2, 2, 1, 4, 7};
    const std::int64_t stages = schedule.stages(), slot = costs.forward + costs.backward;
    const std::int64_t hops = request.ranks > 1 ? 2 * (stages - 1) * costs.transfer : 0;
    const ScheduleTimes times = evaluate(schedule, costs);
    EXPECT_GE(times.makespan, stages * slot + hops) << describe(request);
    EXPECT_GE(times.makespan,
              request.micro_batches * request.chunks * slot + (request.ranks - 1) * (slot + 2 * costs.transfer))
        << describe(request);
    EXPECT_GE(times.makespan, times.longest_rank_window);
  }
}

TEST(EveryOrder, TwiceTheCostsTakeTwiceTheTime) {
  for (const Schedule& schedule : draw_schedules(5, 200)) {
    const std::int64_t once = evaluate(schedule, {3, 2, 4, 5, 6, 9}).makespan;
    EXPECT_EQ(evaluate(schedule, {6, 4, 8, 10, 12, 18}).makespan, 2 * once) << describe(schedule.request);
  }
}

// An early backward frees what it was kept for: one-forward-one-backward orders
// never hold more than GPipe's m per stage, and the last rank never holds more than the first.
TEST(EveryOrder, HoldsAtMostEverythingAndLessTowardsTheEnd) {
  for (const Schedule& schedule : draw_schedules(6, 400, kDownOnly)) {
    const ScheduleTimes times = evaluate(schedule, {});
    for (std::size_t r = 0; r < times.peak_in_flight.size(); ++r) {
      EXPECT_LE(times.peak_in_flight[r], schedule.request.micro_batches * schedule.request.chunks);
      if (r > 0) {
        EXPECT_LE(times.peak_in_flight[r], times.peak_in_flight[r - 1]) << describe(schedule.request);
      }
    }
  }
}

}  // namespace
}  // namespace orrery::models
