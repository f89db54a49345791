// What a cell goes through undisturbed is one event, and nobody can tell.
#include "sim/coalesce/stretch.h"

#include <gtest/gtest.h>

#include "tests/sim/coalesce/pass_world.h"
#include "tests/sim/same_run.h"

namespace orrery::sim {
namespace {

using namespace kit;

TEST(Stretches, ChangeNoResult) {
  std::uint64_t fewer = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    const PassWorld world(seed);
    Trace trace;
    RunOptions looked_at, op_by_op;
    looked_at.trace = &trace;
    op_by_op.coalesce = false;
    const RunResult with = run(world.workload()), without = run(world.workload(), op_by_op),
                    traced = run(world.workload(), looked_at);
    ASSERT_FALSE(without.stuck);
    expect_equal(with, without);
    expect_equal(with, traced);
    if (HasFailure()) return;
    all += traced.events;
    fewer += traced.events - with.events;
  }
  EXPECT_GT(5 * fewer, 2 * all);
}

// Two ranks, ten equal passes of two kernels with a collective on each side of the second.
struct TenPasses {
  World world;
  GroupRole tp;

  explicit TenPasses(bool others_meet = false) : tp(world.group({0, 1})) {
    world.links(2, BytesPerSecond{1'000'000'000});
    world.planner->over_links = true;
    world.workload.steps = 2;
    const GroupRole each = world.groups({{0}, {1}});
    Script p;
    for (std::uint32_t mb = 0; mb < 10; ++mb) {
      p.begin('F', mb);
      p.kernel(p.main, Duration::us(1));
      p.all_reduce(p.main, tp, 1000);
      p.wait(p.side, p.last(p.main));
      p.all_reduce(p.side, others_meet ? each : tp, 3000);
      p.kernel(p.main, Duration::us(2));
      p.wait(p.main, p.last(p.side));
      p.kernel(p.main, Duration::us(1));
      p.end('F', mb);
    }
    world.ranks(2, p.done());
  }
};

TEST(Stretches, AreOneEventForAllOfTheCell) {
  const TenPasses passes;
  RunOptions op_by_op;
  op_by_op.coalesce = false;
  const RunResult with = run(passes.world.workload), without = run(passes.world.workload, op_by_op);
  expect_equal(with, without);
  // 1 + (1 + 1) + (1 + 3) + 1 us a pass: the side's collective outlasts the kernel beside it.
  EXPECT_EQ(with.step_ends[0], at(Duration::us(10 * 8)));
  EXPECT_LE(with.events, 19u + 12u);  // two steps of ten passes, of which one was watched
}

// The side stream's transfers of one rank load a link that the cell's collectives cross.
TEST(Stretches, DoNotPassWhereOthersMayComeBetween) {
  const TenPasses passes(true);
  RunOptions op_by_op;
  op_by_op.coalesce = false;
  const RunResult with = run(passes.world.workload), without = run(passes.world.workload, op_by_op);
  expect_equal(with, without);
  EXPECT_GT(with.events, 60u);
}

// Equal passes have one content, whatever they allocate and whichever micro-batch they are of.
TEST(Stretches, OfEqualPassesHaveOneContent) {
  const TenPasses passes;
  const Program& program = passes.world.workload.programs[ProgramId{0}];
  const std::vector<std::span<const Op>> streams{program.streams[0].ops, program.streams[1].ops};
  std::vector<FlatProgram> flat;
  flat.emplace_back(program, streams, Speeds({}), false);
  const Cells cells(passes.world.workload, flat);
  EXPECT_EQ(cells.size(), 1u);
  StretchContents contents;
  const Stretches stretches(flat[0], cells.inside({0}), contents);
  EXPECT_EQ(stretches.all().size(), 20u);  // from the action's begin, and from behind its first collective
  EXPECT_EQ(contents.size(), 2u);
  EXPECT_EQ(stretches.starting_at(0), 0u);
  EXPECT_EQ(stretches.starting_at(1), Stretches::kNone);
  EXPECT_EQ(stretches.all()[0].end - stretches.all()[0].begin, 6u);
  EXPECT_EQ(stretches.all()[0].sides[0].end - stretches.all()[0].sides[0].begin, 1u);
}

}  // namespace
}  // namespace orrery::sim
