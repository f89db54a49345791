#include "sim/check/check.h"

#include <gtest/gtest.h>

#include <chrono>

namespace orrery::sim {
namespace {

class NoPlanner : public TransferPlanner {
 public:
  const TransferPlan& plan(const TransferRequest&) const override { return plan_; }
  std::string algorithm_name(std::uint32_t) const override { return ""; }

 private:
  TransferPlan plan_;
};

// A program of main, side and comm streams that ends its step when it is finished.
struct Writer {
  explicit Writer(std::string name) : b(std::move(name)) {}

  OpRef kernel(StreamIndex stream, const std::string& label) {
    return b.kernel(stream, Duration::us(1), 0, KernelClass::unaffected, b.label(label));
  }
  OpRef send(StreamIndex stream, PeerRole role, const std::string& label, std::int64_t bytes = 8,
             bool grouped = false) {
    return b.send(stream, pair(role, bytes), 0, b.label(label), grouped);
  }
  OpRef receive(StreamIndex stream, PeerRole role, const std::string& label, std::int64_t bytes = 8,
                bool grouped = false) {
    return b.receive(stream, pair(role, bytes), 0, b.label(label), grouped);
  }
  OpRef collective(StreamIndex stream, GroupRole role, TransferKind kind, std::int64_t bytes) {
    return b.collective(stream, {.kind = kind, .role = role, .tag = 0, .bytes = {bytes}}, 0, b.label("meet"));
  }
  static Transfer pair(PeerRole role, std::int64_t bytes) {
    return {.kind = TransferKind::point_to_point, .role = role, .tag = 0, .bytes = {bytes}};
  }
  Program finish() {
    b.marker(main, {.kind = Marker::Kind::step_end});
    return std::move(b).finish();
  }

  ProgramBuilder b;
  StreamIndex main = b.add_stream("main"), side = b.add_stream("side"), comm = b.add_stream("pp");
};

constexpr PeerRole kNext = 0, kPrevious = 1;
constexpr GroupRole kAll = 0;

// Ranks in a row, one group of all of them, next and previous in a ring or a line.
Workload row(std::vector<Program> programs, bool ring = false) {
  Workload w;
  const auto n = static_cast<std::uint32_t>(programs.size());
  GroupRoleInfo all{.name = "all", .group_of = {}};
  PeerRoleInfo next{.name = "next", .peer_of = {}}, previous{.name = "previous", .peer_of = {}};
  Group group;
  for (std::uint32_t r = 0; r < n; ++r) {
    w.program_of.add(w.programs.add(std::move(programs[r])));
    group.members.push_back({r});
    all.group_of.add({0});
    next.peer_of.add(r + 1 < n ? RankId{r + 1} : ring ? RankId{0} : RankId::none());
    previous.peer_of.add(r > 0 ? RankId{r - 1} : ring ? RankId{n - 1} : RankId::none());
  }
  w.groups.add(group);
  w.group_roles = std::vector<GroupRoleInfo>{all};
  w.peer_roles = std::vector<PeerRoleInfo>{next, previous};
  w.categories = {{.name = "compute"}};
  w.claims.resize(1);
  w.planner = std::make_shared<NoPlanner>();
  return w;
}

// The faults as lines, so that a failing test shows all of them.
std::string faults(const Workload& workload) {
  std::string all;
  for (const Error& error : check(workload)) all += error.what + "\n";
  return all;
}

::testing::AssertionResult says(const Workload& workload, const std::string& words) {
  const std::string all = faults(workload);
  if (all.find(words) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "expected \"" << words << "\" in:\n" << all;
}

TEST(Check, AHandshakeIsFine) {
  Writer a("first"), b("second");
  a.b.wait(a.comm, a.kernel(a.main, "work"));
  a.send(a.comm, kNext, "give");
  const OpRef got = b.receive(b.comm, kPrevious, "take");
  b.b.wait(b.main, got);
  b.kernel(b.main, "work");
  EXPECT_EQ(faults(row({a.finish(), b.finish()})), "");
}

TEST(Check, AWaitForAnOpThatDoesNotExist) {
  Writer a("only");
  a.b.wait(a.main, {.stream = a.side, .op = 7});
  a.kernel(a.main, "k");
  EXPECT_TRUE(
      says(row({a.finish()}), "only: kernel 'k' (op 0 of stream main) waits for op 7 of stream side, which has 0 ops"));
}

TEST(Check, ARoleWithNobodyInIt) {
  Writer a("first"), b("last");
  a.kernel(a.main, "k");
  b.send(b.comm, kNext, "too far");
  EXPECT_TRUE(says(row({a.finish(), b.finish()}),
                   "rank 1 (last): send 'too far' (op 0 of stream pp) has no peer of role 'next'"));
}

TEST(Check, AGroupRoleWithoutAGroup) {
  Writer a("a");
  a.collective(a.main, kAll, TransferKind::all_reduce, 64);
  Workload w = row({a.finish()});
  w.group_roles.edit()[0].group_of[RankId{0}] = GroupId::none();
  EXPECT_TRUE(says(w, "has no group of role 'all'"));
}

TEST(Check, ASendToItself) {
  Writer a("a");
  a.send(a.comm, kNext, "echo");
  EXPECT_TRUE(says(row({a.finish()}, true), "send 'echo' (op 0 of stream pp) is to itself"));
}

TEST(Check, ASendWithoutReceive) {
  Writer a("a"), b("b");
  a.send(a.comm, kNext, "one");
  a.send(a.comm, kNext, "two");
  b.receive(b.comm, kPrevious, "one");
  EXPECT_TRUE(
      says(row({a.finish(), b.finish()}), "rank 0 (a) sends 2 times to rank 1 (b), which receives 1 times from it"));
}

TEST(Check, SidesThatDisagreeOnTheSize) {
  Writer a("a"), b("b");
  a.send(a.comm, kNext, "one", 8);
  b.receive(b.comm, kPrevious, "one", 16);
  EXPECT_TRUE(says(row({a.finish(), b.finish()}), "8 bytes are sent and 16 received"));
}

// Sums are equal, but the messages are crossed.
TEST(Check, MessagesInAnotherOrderThanTheyAreReceived) {
  Writer a("a"), b("b");
  a.send(a.comm, kNext, "small", 8);
  a.send(a.comm, kNext, "large", 16);
  b.receive(b.comm, kPrevious, "large", 16);
  b.receive(b.comm, kPrevious, "small", 8);
  EXPECT_TRUE(says(row({a.finish(), b.finish()}), "moves 16 bytes, but meets send 'small'"));
}

TEST(Check, AGroupThatDisagreesOnTheKind) {
  Writer a("a"), b("b");
  a.collective(a.main, kAll, TransferKind::all_gather, 64);
  b.collective(b.main, kAll, TransferKind::reduce_scatter, 64);
  EXPECT_TRUE(says(row({a.finish(), b.finish()}), "group 0 disagrees on collective number 1 of stream main"));
}

TEST(Check, AMemberThatNeverComes) {
  Writer a("a"), b("b");
  a.collective(a.main, kAll, TransferKind::all_gather, 64);
  EXPECT_TRUE(says(row({a.finish(), b.finish()}), "rank 1 (b) issues only 0"));
}

// Collectives of one group on two streams belong to two communicators: their
// order against each other is free.
TEST(Check, TwoStreamsOfOneGroupDoNotWaitForEachOther) {
  Writer a("a"), b("b");
  const OpRef first = a.collective(a.main, kAll, TransferKind::all_gather, 64);
  a.b.wait(a.side, first);
  a.collective(a.side, kAll, TransferKind::reduce_scatter, 32);
  b.collective(b.main, kAll, TransferKind::all_gather, 64);
  b.collective(b.side, kAll, TransferKind::reduce_scatter, 32);
  EXPECT_EQ(faults(row({a.finish(), b.finish()})), "");
}

// Both send first: with rendezvous neither gets to its receive.
TEST(Check, TwoThatSendBeforeTheyReceiveWaitForEachOther) {
  Writer a("a"), b("b");
  a.send(a.comm, kNext, "F0");
  a.receive(a.comm, kNext, "B0");
  b.send(b.comm, kPrevious, "B0");
  b.receive(b.comm, kPrevious, "F0");
  EXPECT_TRUE(says(row({a.finish(), b.finish()}),
                   "the run cannot end: rank 0 (a) waits for send 'F0' (op 0 of stream pp) to rank 1 (b), "
                   "which waits for send 'B0' (op 0 of stream pp) to rank 0 (a), where the chain began"));
}

// The same exchange as one NCCL group is what Megatron does.
TEST(Check, GroupedTheyMeet) {
  Writer a("a"), b("b");
  a.send(a.comm, kNext, "F0", 8, true);
  a.receive(a.comm, kNext, "B0");
  b.send(b.comm, kPrevious, "B0", 8, true);
  b.receive(b.comm, kPrevious, "F0");
  EXPECT_EQ(faults(row({a.finish(), b.finish()})), "");
}

// A second dependency of a grouped op stands inside the group, as a wait.
TEST(Check, AGroupMayHoldAWait) {
  Writer a("a"), b("b");
  const OpRef one = a.kernel(a.main, "one"), two = a.kernel(a.side, "two");
  a.send(a.comm, kNext, "F0", 8, true);
  a.b.wait(a.comm, one);
  a.b.wait(a.comm, two);
  a.receive(a.comm, kNext, "B0");
  b.send(b.comm, kPrevious, "B0", 8, true);
  b.receive(b.comm, kPrevious, "F0");
  EXPECT_EQ(faults(row({a.finish(), b.finish()})), "");
}

// A cycle through dependencies: rank 0's side waits for its main stream, which
// waits for a collective that rank 1 reaches only after receiving from that side.
TEST(Check, ACycleThroughStreamsGroupsAndPeers) {
  Writer a("a"), b("b");
  const OpRef met = a.collective(a.main, kAll, TransferKind::all_reduce, 64);
  a.b.wait(a.comm, met);
  a.send(a.comm, kNext, "late");
  const OpRef got = b.receive(b.comm, kPrevious, "late");
  b.b.wait(b.main, got);
  b.collective(b.main, kAll, TransferKind::all_reduce, 64);
  const std::string all = faults(row({a.finish(), b.finish()}));
  EXPECT_NE(
      all.find(
          "waits for collective 'meet' (op 0 of stream main) with rank 1 (b), which waits for its own receive 'late'"),
      std::string::npos)
      << all;
  EXPECT_NE(all.find("where the chain began"), std::string::npos) << all;
}

// A wait on the step before is none in the first step and met in the second.
TEST(Check, TheStepBeforeIsOver) {
  Writer a("a");
  a.b.wait(a.main, {.stream = a.side, .op = 0, .previous_step = true});
  const OpRef k = a.kernel(a.main, "k");
  a.b.wait(a.side, k);
  a.kernel(a.side, "tail");
  EXPECT_EQ(faults(row({a.finish()})), "");
}

TEST(Check, AStepWithoutEnd) {
  ProgramBuilder b("endless");
  b.add_stream("main");
  EXPECT_TRUE(says(row({std::move(b).finish()}), "endless: a step ends with one step_end marker"));
}

TEST(Check, TwentyFaultsAreEnough) {
  std::vector<Program> programs;
  for (int i = 0; i < 30; ++i) {
    Writer a("p" + std::to_string(i));
    a.b.wait(a.main, {.stream = a.side, .op = 1});
    a.kernel(a.main, "k");
    programs.push_back(a.finish());
  }
  const Errors errors = check(row(std::move(programs)));
  ASSERT_EQ(errors.size(), 21u);
  EXPECT_EQ(errors.back().what, "and 10 more");
}

TEST(Check, AnOpIsDescribedAsPeopleKnowIt) {
  Writer a("stage 3");
  a.kernel(a.comm, "k");
  a.receive(a.comm, kPrevious, "recv F3.0");
  EXPECT_EQ(describe(row({a.finish()}), {0}, a.comm, 1), "stage 3, stream pp, op 1 'recv F3.0'");
}

// Equal ranks are checked as one, but a fault among hundreds is told of the ranks that have it.
TEST(Check, AFaultAmongManyIsToldOfItsRank) {
  const auto ring_with = [](std::uint32_t odd) {
    std::vector<Program> programs;
    for (std::uint32_t r = 0; r < 300; ++r) {
      Writer writer("worker");
      writer.receive(writer.comm, kPrevious, "in");
      writer.send(writer.side, kNext, "out", r == odd ? 9 : 8);
      programs.push_back(writer.finish());
    }
    Workload w = row(std::move(programs), true);
    // As a compiler writes it: one program for all who do the same.
    for (std::uint32_t r = 0; r < 300; ++r) w.program_of[{r}] = ProgramId{r == odd ? odd : 0};
    return w;
  };
  EXPECT_EQ(faults(ring_with(UINT32_MAX)), "");
  EXPECT_TRUE(says(ring_with(217), "rank 217 (worker) sends 1 times to rank 218 (worker)"));
}

// A thousand ranks in a ring, each handing on a thousand messages: the check is
// linear in ops (well below a second even unoptimised).
TEST(Check, ALargeRingIsCheckedFast) {
  std::vector<Program> programs;
  for (int r = 0; r < 500; ++r) {
    Writer a("r" + std::to_string(r));
    for (int i = 0; i < 200; ++i) {
      a.send(a.comm, kNext, "hand on", 8, true);
      a.receive(a.comm, kPrevious, "take");
    }
    programs.push_back(a.finish());
  }
  EXPECT_EQ(faults(row(std::move(programs), true)), "");
}

}  // namespace
}  // namespace orrery::sim
