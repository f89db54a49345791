#include "report/memory/memory_timeline.h"

#include <gtest/gtest.h>

namespace orrery::report {
namespace {

// One program with 1 byte for good and one buffer of 10.
sim::Workload one_rank() {
  sim::Workload workload;
  sim::ProgramBuilder builder("p");
  const auto main = builder.add_stream("main");
  builder.resident(builder.buffer({1}, 0, 0));
  const auto buffer = builder.buffer({10}, 0, 0);
  builder.allocate(main, buffer);  // op 0
  builder.free(main, buffer);      // op 1
  workload.programs.add(std::move(builder).finish());
  workload.program_of.add(ProgramId{0});
  return workload;
}

sim::Span at(sim::OpIndex op, std::int64_t ps) {
  const Time t = Time::at(Duration::ps(ps));
  return {RankId{0}, 0, 0, op, t, t, t};
}

TEST(MemoryTimeline, ALevelHoldsUntilTheNextChange) {
  const sim::Workload workload = one_rank();
  MemoryTimeline timeline(workload, {RankId{0}});
  timeline.span(at(0, 25));
  timeline.span(at(1, 65));
  const auto levels = timeline.levels(RankId{0}, Time(), Time::at(Duration::ps(100)), 10);
  const std::vector<Bytes> expected = {{1}, {1}, {11}, {11}, {11}, {11}, {11}, {1}, {1}, {1}};
  EXPECT_EQ(levels, expected);
}

TEST(MemoryTimeline, WhatHappenedBeforeTheWindowCounts) {
  const sim::Workload workload = one_rank();
  MemoryTimeline timeline(workload, {RankId{0}});
  timeline.span(at(0, 5));
  const auto levels = timeline.levels(RankId{0}, Time::at(Duration::ps(10)), Time::at(Duration::ps(20)), 2);
  EXPECT_EQ(levels, (std::vector<Bytes>{{11}, {11}}));
}

TEST(MemoryTimeline, FreedAndTakenAtOneInstantIsNoPeak) {
  const sim::Workload workload = one_rank();
  MemoryTimeline timeline(workload, {RankId{0}});
  timeline.span(at(0, 10));
  timeline.span(at(0, 50));
  timeline.span(at(1, 50));
  for (const Bytes level : timeline.levels(RankId{0}, Time(), Time::at(Duration::ps(100)), 4))
    EXPECT_LE(level, Bytes{11});
}

}  // namespace
}  // namespace orrery::report
