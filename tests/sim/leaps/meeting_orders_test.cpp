// Who meets whom is found once for layouts that differ in sizes and times alone.
#include "sim/leaps/meet/meeting_orders.h"

#include <gtest/gtest.h>

#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim {
namespace {

using namespace kit;

// Rank 0 sends twice to rank 1, which receives `received` times.
Workload sender_and_receiver(std::int64_t bytes, int received = 2) {
  World world;
  const PeerRole next = world.peers({1, -1}), from = world.peers({-1, 0});
  Script a, b;
  for (int i = 0; i < 2; ++i) a.send(a.main, next, bytes);
  for (int i = 0; i < received; ++i) {
    b.kernel(b.main, Duration::us(bytes));
    b.receive(b.main, from, bytes);
  }
  for (Script* script : {&a, &b}) world.ranks(1, script->done());
  return world.workload;
}

class Orders : public ::testing::Test {
 protected:
  std::shared_ptr<const MeetingOrder> of(const Workload& workload) {
    return orders_.of(workload, Tracks(workload, FlowNet(workload.links), &legs_));
  }

  LegMemory legs_{std::make_shared<ProgramForms>()};
  MeetingOrders orders_;
};

TEST_F(Orders, AreKnownOfAlikeWorkloads) {
  const auto order = of(sender_and_receiver(1000));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->encounters.size(), 2u);
  EXPECT_EQ(of(sender_and_receiver(2000)), order);
}

TEST_F(Orders, AreOthersOfOtherPeersAndPrograms) {
  const auto order = of(sender_and_receiver(1000));
  Workload elsewhere = sender_and_receiver(1000);
  elsewhere.peer_roles.edit().push_back({"nobody", {}});
  EXPECT_NE(of(elsewhere), order);
  Workload turned = sender_and_receiver(1000);
  std::swap(turned.programs[{0}], turned.programs[{1}]);
  EXPECT_NE(of(turned), order);
}

TEST_F(Orders, AreNoneWhereSomebodyIsNotMet) {
  EXPECT_FALSE(of(sender_and_receiver(1000, 1)));
  EXPECT_FALSE(of(sender_and_receiver(1000, 3)));
}

}  // namespace
}  // namespace orrery::sim
