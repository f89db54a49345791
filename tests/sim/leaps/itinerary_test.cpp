// Ranks go through their legs in an order in which nothing comes before what it waits for.
#include "sim/leaps/legs/itinerary.h"

#include <gtest/gtest.h>

#include "sim/coalesce/coalesce.h"
#include "sim/leaps/legs/parted_program.h"
#include "tests/sim/random_world.h"

namespace orrery::sim {
namespace {

using namespace kit;

ProgramLegs parted(const Program& program) {
  LeapProgram prepared;
  prepared.program = &program;
  return legs_of(prepared, ops_of(std::span<const Stream>(program.streams)));
}

void expect_nothing_too_early(const PartedProgram& program) {
  std::vector<std::uint32_t> passed(program.streams.size());
  for (const Stop& stop : program.order.stops()) {
    const Legs& legs = program.streams[stop.stream];
    ASSERT_EQ(stop.leg, passed[stop.stream]);
    for (const Legs::Wait& wait : legs.waits_of(legs.all()[stop.leg]))
      EXPECT_TRUE(wait.previous_step || wait.leg < passed[wait.stream]);
    ++passed[stop.stream];
  }
  for (std::size_t s = 0; s < passed.size(); ++s) EXPECT_EQ(passed[s], program.streams[s].all().size());
}

TEST(Itinerary, HasEachLegOnceBehindWhatItWaitsFor) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Workload workload = RandomWorld(seed, false, true, true).workload();
    for (const Program& program : workload.programs) {
      const ProgramLegs legs = parted(program);
      ASSERT_TRUE(legs);
      expect_nothing_too_early(*legs);
    }
  }
}

TEST(Itinerary, IsNoneOfWhatWaitsInACircle) {
  for (const bool in_a_circle : {false, true}) {
    Script p;
    p.wait(p.main, {p.side, in_a_circle ? 1u : 0u, false});
    p.kernel(p.main, Duration::us(1));
    p.kernel(p.side, Duration::us(1));
    p.wait(p.side, {p.main, 0, false});
    p.kernel(p.side, Duration::us(1));
    EXPECT_EQ(parted(std::move(p).finish()) == nullptr, in_a_circle);
  }
}

}  // namespace
}  // namespace orrery::sim
