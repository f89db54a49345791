// A run without a clock ends where one with a clock does, where no two transfers meet on a link; where some do, it
// says so.
#include "sim/leaps/calm_run.h"

#include <gtest/gtest.h>

#include <array>

#include "sim/leaps/clocked_run.h"
#include "sim/leaps/meet/bookings.h"
#include "sim/leaps/meet/contested_links.h"
#include "tests/sim/random_world.h"
#include "tests/sim/same_run.h"

namespace orrery::sim {
namespace {

using namespace kit;

struct Runs {
  std::optional<RunResult> calm, clocked;
};

Runs runs_of(const Workload& workload) {
  const FlowNet network(workload.links);
  const Tracks tracks(workload, network, nullptr);
  const auto order = meeting_order(workload, tracks);
  if (!order) return {};
  return {calm_run(workload, tracks, *order, network, nullptr), clocked_run(workload, tracks, nullptr)};
}

TEST(CalmRun, IsARunWithAClock) {
  int calm = 0, met = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    Workload workload = RandomWorld(seed, seed % 3 == 0, seed % 4 != 0, true).workload();
    if (seed % 5 < 2)  // room for two
      for (Link& link : workload.links.edit()) link.capacity = {2'500'000'000};
    const Runs runs = runs_of(workload);
    ASSERT_TRUE(runs.clocked);
    runs.calm ? ++calm : ++met;
    if (!runs.calm) continue;
    expect_equal(*runs.calm, *runs.clocked);
    EXPECT_EQ(runs.calm->events, runs.clocked->events);
    if (HasFailure()) return;
  }
  EXPECT_GT(calm, 50);
  EXPECT_GT(met, 50);
}

// Rank 0 sends to 2 after `before`, rank 1 to 3 after 20 us, over and over; each takes 1 us and then 10 us over links.
Workload two_senders(Duration before, std::size_t times = 1) {
  World world;
  world.links(4, BytesPerSecond{1'000'000'000});
  world.planner->over_links = true;
  const PeerRole next = world.peers({2, -1, -1, -1}), from = world.peers({-1, -1, 0, -1});
  const PeerRole other_next = world.peers({-1, 3, -1, -1}), other_from = world.peers({-1, -1, -1, 1});
  Script a, b, c, d;
  for (std::size_t i = 0; i < times; ++i) {
    a.kernel(a.main, before);
    a.send(a.main, next, 10'000);
    b.kernel(b.main, Duration::us(20));
    b.send(b.main, other_next, 10'000);
    c.receive(c.main, from, 10'000);
    d.receive(d.main, other_from, 10'000);
  }
  for (Script* script : {&a, &b, &c, &d}) world.ranks(1, script->done());
  return world.workload;
}

// All that is sent crosses link 0.
class OneLink : public SimplePlanner {
 public:
  const TransferPlan& plan(const TransferRequest& request) const override {
    TransferPlan plan = SimplePlanner::plan(request);
    for (Phase& phase : plan.phases) phase.uses = std::make_shared<LinkUses>(LinkUses{{LinkId{0}, 1}});
    return plans_.emplace_back(std::move(plan));
  }

 private:
  mutable std::deque<TransferPlan> plans_;
};

Workload on_one_link(Duration before, BytesPerSecond capacity = {1'000'000'000}) {
  Workload workload = two_senders(before);
  workload.links.edit()[LinkId{0}].capacity = capacity;
  workload.planner = std::make_shared<OneLink>();
  return workload;
}

TEST(CalmRun, IsNoneWhereTransfersMeetOnALink) {
  EXPECT_TRUE(runs_of(two_senders(Duration::us(15))).calm);
  EXPECT_FALSE(runs_of(on_one_link(Duration::us(15))).calm);
  EXPECT_FALSE(runs_of(on_one_link(Duration::us(29))).calm);
}

TEST(CalmRun, LetsThemFollowEachOther) {
  for (const std::int64_t before : {10, 30}) {
    const Workload workload = on_one_link(Duration::us(before));
    const Runs runs = runs_of(workload);
    ASSERT_TRUE(runs.calm);
    expect_equal(*runs.calm, *runs.clocked);
    EXPECT_EQ(runs.calm->links[LinkId{0}].busy, Duration::us(20));
    EXPECT_EQ(runs.calm->links[LinkId{0}].bytes.n, 20'000);
  }
}

// A link that both do not fill: they go beside each other, and it is busy as long as one of them is there.
TEST(CalmRun, LetsThemShareARoomyLink) {
  const Workload workload = on_one_link(Duration::us(15), {2'000'000'000});
  const Runs runs = runs_of(workload);
  ASSERT_TRUE(runs.calm);
  expect_equal(*runs.calm, *runs.clocked);
  EXPECT_EQ(runs.calm->links[LinkId{0}].busy, Duration::us(15));
  EXPECT_EQ(runs.calm->links[LinkId{0}].bytes.n, 20'000);
  EXPECT_FALSE(runs_of(on_one_link(Duration::us(15), {1'999'999'999})).calm);
}

TEST(CalmRun, EndsWhenToldTo) {
  const Workload workload = two_senders(Duration::us(1));
  const FlowNet network(workload.links);
  const Tracks tracks(workload, network, nullptr);
  const std::atomic<bool> stop = true;
  EXPECT_FALSE(calm_run(workload, tracks, *meeting_order(workload, tracks), network, &stop));
}

Time after(std::int64_t us) {
  return Time::at(Duration::us(us));
}

constexpr BytesPerSecond kCapacity{10};

TEST(Bookings, AreInAnyOrderAndNeverAtOneTime) {
  const LinkId link{1};
  Bookings bookings(2);
  const auto take = [&](std::int64_t from, std::int64_t to) {
    return bookings.take(link, kCapacity, {after(from), after(to), 20, true});  // alone it may want more than there is
  };
  for (const std::int64_t from : {10, 30, 20, 0}) EXPECT_TRUE(take(from, from + 10));
  for (std::int64_t start = 0; start < 40; ++start) EXPECT_FALSE(take(start, start + 1));
  EXPECT_FALSE(take(39, 100));
  EXPECT_TRUE(take(40, 41));
  EXPECT_TRUE(bookings.take(LinkId{0}, kCapacity, {after(0), after(10), 20, true}));
}

TEST(Bookings, AreAtOneTimeWhereTheLinkHasRoom) {
  const LinkId link{0};
  Bookings bookings(1);
  const auto take = [&](std::int64_t from, std::int64_t to, std::int64_t demand) {
    return bookings.take(link, kCapacity, {after(from), after(to), demand, true});
  };
  EXPECT_TRUE(take(0, 100, 4));
  EXPECT_TRUE(take(10, 20, 4));
  EXPECT_TRUE(take(30, 40, 6));
  EXPECT_FALSE(take(15, 18, 3));
  EXPECT_TRUE(take(15, 18, 2));
  EXPECT_TRUE(take(20, 30, 6));
  EXPECT_FALSE(take(99, 101, 7));
  EXPECT_TRUE(take(100, 101, 7));
}

TEST(Bookings, CountAsBusyOnceAndInTheLastStep) {
  const LinkId link{0};
  Bookings bookings(1);
  EXPECT_TRUE(bookings.take(link, kCapacity, {after(0), after(9), 1, false}));
  EXPECT_TRUE(bookings.take(link, kCapacity, {after(30), after(40), 1, true}));
  EXPECT_TRUE(bookings.take(link, kCapacity, {after(10), after(25), 1, true}));
  EXPECT_TRUE(bookings.take(link, kCapacity, {after(12), after(14), 1, true}));
  EXPECT_TRUE(bookings.take(link, kCapacity, {after(20), after(28), 1, true}));
  EXPECT_EQ(bookings.busy(link), Duration::us(28));
}

// Two pairs on a link come as they like; a rank's own transfers follow each other.
TEST(ContestedLinks, AreThoseOfRanksThatDoNotWaitForEachOther) {
  const Workload workload = two_senders(Duration::us(1), 3);
  const FlowNet network(workload.links);
  const auto order = meeting_order(workload, Tracks(workload, network, nullptr));
  ASSERT_EQ(order->routes.size(), 2u);
  EXPECT_EQ(order->routes[0].times, 3);
  ContestedLinks are_contested(3);
  are_contested.use({{LinkId{0}, 1}, {LinkId{2}, 1}}, 0);
  are_contested.use({{LinkId{1}, 1}, {LinkId{2}, 1}}, 1);
  EXPECT_FALSE(are_contested(*order, LinkId{0}));
  EXPECT_FALSE(are_contested(*order, LinkId{1}));
  EXPECT_TRUE(are_contested(*order, LinkId{2}));
}

// Of one rank, but at one time.
TEST(ContestedLinks, AreThoseOfTransfersThatStartTogether) {
  for (const bool grouped : {false, true}) {
    World world;
    const PeerRole next = world.peers({1, -1}), from = world.peers({-1, 0});
    Script a, b;
    for (const auto tag : std::to_array<std::uint16_t>({0, 0, 1})) {
      a.send(a.main, next, 1000, grouped && tag == 0, tag);
      b.receive(b.main, from, 1000, grouped && tag == 0, tag);
    }
    for (Script* script : {&a, &b}) world.ranks(1, script->done());
    const FlowNet network(world.workload.links);
    const auto order = meeting_order(world.workload, Tracks(world.workload, network, nullptr));
    ASSERT_EQ(order->routes.size(), 2u);
    EXPECT_EQ(order->are_in_turn(0, 1), !grouped);
    EXPECT_EQ(order->are_in_turn(0, 0), !grouped);
    EXPECT_TRUE(order->are_in_turn(1, 1));
    ContestedLinks are_contested(1);
    are_contested.use({{LinkId{0}, 1}}, 0);
    EXPECT_EQ(are_contested(*order, LinkId{0}), grouped);
  }
}

}  // namespace
}  // namespace orrery::sim
