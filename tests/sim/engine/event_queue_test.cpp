#include "sim/engine/events/event_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace orrery::sim {
namespace {

Time at(std::int64_t ps) {
  return Time::at(Duration::ps(ps));
}

// Against a sorted set, with times close together (many of an instant) and far apart
// (more instants open than the queue remembers), and with events planned for the
// instant that is being handled, in front of and behind the one in hand.
TEST(EventQueue, HandsOutInTheOrderOfTimeAndId) {
  for (const std::int64_t spread : {3, 100, 1'000'000}) {
    std::mt19937_64 random(static_cast<std::uint64_t>(spread));
    EventQueue queue;
    std::set<std::pair<std::int64_t, std::uint32_t>> expected;
    const auto push = [&](std::int64_t time) {
      const auto id = static_cast<std::uint32_t>(random() % 5000);
      if (expected.insert({time, id}).second) queue.push({at(time), id, 0});
    };
    const auto expect_next = [&](const Event& event) {
      ASSERT_FALSE(expected.empty());
      EXPECT_EQ(*expected.begin(), std::pair(event.time.count_ps(), event.id));
      expected.erase(expected.begin());
    };
    for (int i = 0; i < 2000; ++i) push(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(spread)));
    std::vector<Event> due;
    int more = 20'000;
    while (!queue.empty()) {
      const std::int64_t now = queue.take(due).count_ps();
      for (const Event& event : due) {
        while (queue.comes_before(event)) expect_next(queue.pop_immediate());
        expect_next(event);
        if (more-- > 0) push(now + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(spread)));
      }
      while (queue.any_immediate()) expect_next(queue.pop_immediate());
    }
    EXPECT_TRUE(expected.empty());
  }
}

}  // namespace
}  // namespace orrery::sim
