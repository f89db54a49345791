#include "models/compile/workbench.h"

#include <vector>

#include "sim/base/read/document.h"
#include "sim/check/check.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

std::vector<Override> point(std::vector<std::pair<std::string, std::string>> keys) {
  std::vector<Override> overrides;
  for (auto& [key, value] : keys) overrides.push_back({key, value});
  return overrides;
}

// Neighbours that fold alike, some whose sizes change an algorithm or make two sizes equal, others that differ in who
// meets whom or over what; and back.
std::vector<std::vector<Override>> points() {
  std::vector<std::vector<Override>> all;
  for (const char* layout : {"{tp: 2, pp: 2, dp: 8}", "{tp: 8, pp: 4}", "{tp: 4, pp: 2, dp: 4, zero: 1}"})
    for (const char* length : {"128", "1000", "1024", "2048", "4096"})
      all.push_back(point({{"layout", layout}, {"training.sequence_length", length}}));
  for (const char* change : {"{network: analytic}", "{network: chunk}", "{stragglers: [{rank: 3, slowdown: 1.5}]}"})
    for (const char* length : {"512", "514"})
      all.push_back(
          point({{"layout", "{tp: 2, pp: 2, dp: 8}"}, {"training.sequence_length", length}, {"simulation", change}}));
  all.push_back(point({{"layout", "{tp: 2, pp: 2, dp: 8}"}}));
  all.push_back(point({{"layout", "{tp: 2, pp: 2, dp: 8}"}, {"cluster.preset", "dgx-a100"}}));
  return all;
}

Compiled compiled_on(Workbench* bench, const Scenario& scenario) {
  Result<Compiled> result = compile(scenario, nullptr, {}, nullptr, Form::with_calls, bench);
  EXPECT_TRUE(result.ok());
  return std::move(result).value();
}

// Folds and runs as it would have without one.
TEST(Workbench, ChangesNoResult) {
  const DocumentCache presets;
  Workbench bench;
  for (int round = 0; round < 2; ++round)
    for (const std::vector<Override>& at : points()) {
      const Scenario scenario = read(small_scenario(), [&] {
        std::vector<Override> with = at;
        with.insert(with.begin(), {{"cluster.nodes", "4"}, {"training.global_batch", "32"}});
        return with;
      }());
      const Compiled fresh = compiled_on(nullptr, scenario), on_bench = compiled_on(&bench, scenario);
      EXPECT_EQ(on_bench.workload.groups, fresh.workload.groups);
      EXPECT_EQ(on_bench.workload.group_roles, fresh.workload.group_roles);
      EXPECT_EQ(on_bench.workload.peer_roles, fresh.workload.peer_roles);
      EXPECT_EQ(on_bench.workload.links, fresh.workload.links);
      const sim::Folded folded = sim::fold(on_bench.workload, &bench.folds()), expected = sim::fold(fresh.workload);
      EXPECT_EQ(folded.class_of, expected.class_of);
      EXPECT_EQ(*folded.link_classes, *expected.link_classes);
      EXPECT_EQ(folded.workload.groups, expected.workload.groups);
      const sim::RunResult result = sim::run(folded.workload), other = sim::run(expected.workload);
      EXPECT_EQ(result.digest, other.digest);
      EXPECT_EQ(result.events, other.events);
    }
}

// The second neighbour is not searched through again.
TEST(Workbench, KnowsHowNeighboursFold) {
  const DocumentCache presets;  // so that facts are the same ones
  Workbench bench;
  for (const char* length : {"2050", "2052"}) {
    const Compiled c = compiled_on(
        &bench, read(small_scenario(), {{"layout", "{tp: 2, pp: 2, dp: 2}"}, {"training.sequence_length", length}}));
    EXPECT_EQ(bench.folds().fold(c.workload).has_value(), std::string(length) == "2052");
    const sim::Folded folded = sim::fold(c.workload, &bench.folds());
    EXPECT_EQ(bench.folds().agrees(folded), std::string(length) == "2052");
    EXPECT_TRUE(sim::check_before_run(folded, c.workload, &bench.folds()).empty());
  }
}

// What is wrong with a neighbour is found all the same.
TEST(Workbench, TakesNoNeighbourToBeSound) {
  const DocumentCache presets;
  Workbench bench;
  const Compiled c = compiled_on(&bench, read(small_scenario(), {{"layout", "{tp: 2, pp: 2, dp: 2}"}}));
  const sim::Folded right = sim::fold(c.workload, &bench.folds());
  ASSERT_LT(right.workload.ranks(), c.workload.ranks());
  EXPECT_TRUE(sim::check_before_run(right, c.workload, &bench.folds()).empty());

  sim::Workload unsound = c.workload;
  unsound.programs[ProgramId{0}].buffers.edit()[0].bytes = {-1};
  EXPECT_EQ(sim::fold(unsound, &bench.folds()).workload.ranks(), unsound.ranks());

  int wrong = 0;  // whose members do not agree on what they exchange
  for (ProgramId p{0}; p.value < c.workload.programs.size(); ++p.value)
    for (std::size_t t = 0; t < c.workload.programs[p].transfers.size(); ++t) {
      sim::Workload other = c.workload;
      other.programs[p].transfers[t].bytes += Bytes{1};
      const sim::Folded folded = sim::fold(other, &bench.folds());
      const bool is_right = sim::check_before_run(sim::fold(other), other).empty();
      EXPECT_EQ(sim::check_before_run(folded, other, &bench.folds()).empty(), is_right) << p.value << " " << t;
      wrong += is_right ? 0 : 1;
      sim::fold(c.workload, &bench.folds());
    }
  EXPECT_GT(wrong, 0);
}

// Roles and links, which are large, are one list for all.
TEST(Workbench, GivesNeighboursTheSameTables) {
  Workbench bench;
  const std::vector<Override> layout = {{"layout", "{tp: 2, pp: 2, dp: 2}"}};
  const Scenario scenario = read(small_scenario(), layout);
  const Compiled first = compiled_on(&bench, scenario), second = compiled_on(&bench, scenario);
  EXPECT_EQ(first.workload.groups.begin(), second.workload.groups.begin());
  EXPECT_EQ(first.workload.group_roles.begin(), second.workload.group_roles.begin());
  EXPECT_EQ(first.workload.peer_roles.begin(), second.workload.peer_roles.begin());
  EXPECT_EQ(first.workload.links.begin(), second.workload.links.begin());
}

TEST(Workbench, KeepsAFabricAsLongAsTheClusterIsTheSame) {
  Workbench bench;
  const Scenario eight = read(small_scenario()),
                 sixteen = read(small_scenario(), {{"cluster.nodes", "2"}, {"layout", "{dp: 16}"}});
  const auto first = bench.fabric(eight.cluster).value();
  EXPECT_EQ(bench.fabric(read(small_scenario()).cluster).value(), first);
  EXPECT_NE(bench.fabric(sixteen.cluster).value(), first);
}

}  // namespace
}  // namespace orrery::models
