#include "sim/fold/fold.h"

#include <gtest/gtest.h>

#include <chrono>

#include "sim/check/check.h"
#include "sim/engine/engine.h"
#include "tests/sim/fold/fold_cluster.h"

namespace orrery::sim {
namespace {

using testing::ToyJob;
using testing::ToyWorkload;

std::vector<std::int64_t> numbers(const RankSummary& rank) {
  std::vector<std::int64_t> all;
  for (const auto* by_category : {&rank.time.busy, &rank.time.exposed, &rank.time.late}) {
    for (const Duration d : *by_category) all.push_back(d.count_ps());
  }
  all.push_back(rank.time.bubble.count_ps());
  for (const Bytes bytes : rank.memory.by_cause) all.push_back(bytes.n);
  all.push_back(rank.memory.peak.n);
  all.push_back(rank.memory.when.count_ps());
  all.push_back(rank.memory.op);
  all.push_back(rank.step_end.count_ps());
  all.push_back(rank.previous_step_end.count_ps());
  all.push_back(static_cast<std::int64_t>(rank.digest.value()));
  return all;
}

std::string told(const ToyJob& j) {
  return "tp " + std::to_string(j.tp) + " pp " + std::to_string(j.pp) + " dp " + std::to_string(j.dp) +
         (j.dp_before_pp ? " dp first" : " pp first") + ", " + std::to_string(j.gpus_per_node) + " a node, " +
         std::to_string(j.gpus_per_nic) + " a nic, " + std::to_string(j.nodes_per_leaf) + " a leaf of " +
         std::to_string(j.leaf_rate) + ", limit " + std::to_string(j.max_rate) + ", straggler " +
         std::to_string(j.straggler) + ", slow nic " + std::to_string(j.slow_nic) + (j.ring_inside_tp ? ", ring" : "");
}

// Folds, runs both, and compares everything that a run says. Returns the classes.
std::size_t expect_folding_changes_nothing(const ToyJob& job) {
  SCOPED_TRACE(told(job));
  const Workload full = ToyWorkload(job).make();
  for (const Error& error : check(full)) ADD_FAILURE() << error.what;
  const Folded folded = fold(full);
  for (const Error& error : check(folded.workload)) ADD_FAILURE() << "folded: " << error.what;
  const RunResult expected = run(full);
  const RunResult result = unfold(folded, full, run(folded.workload));
  EXPECT_FALSE(expected.stuck) << expected.stuck->what;
  EXPECT_EQ(result.digest, expected.digest);
  EXPECT_EQ(result.step_ends, expected.step_ends);
  EXPECT_EQ(result.ops, expected.ops);
  EXPECT_EQ(result.ranks.size(), expected.ranks.size());
  if (result.ranks.size() != expected.ranks.size()) return 0;
  for (std::uint32_t r = 0; r < full.ranks(); ++r) {
    EXPECT_EQ(numbers(result.ranks[{r}]), numbers(expected.ranks[{r}])) << "rank " << r;
  }
  for (std::uint32_t l = 0; l < full.links.size(); ++l) {
    EXPECT_EQ(result.links[{l}].bytes, expected.links[{l}].bytes) << "link " << l;
    EXPECT_EQ(result.links[{l}].busy, expected.links[{l}].busy) << "link " << l;
  }
  return folded.workload.ranks();
}

// Every rank of a stage does the same, so a regular job has as many classes as stages.
TEST(Fold, ARegularJobFoldsToItsStages) {
  const ToyJob job{.tp = 4, .pp = 4, .dp = 4};
  EXPECT_EQ(expect_folding_changes_nothing(job), 4u);
}

TEST(Fold, OneStageFoldsToOneRank) {
  const ToyJob job{.tp = 4, .pp = 1, .dp = 8};
  EXPECT_EQ(expect_folding_changes_nothing(job), 1u);
}

// TP and DP groups of a class fold to the same ranks and here ask for the same
// kind and size: the folded planner must not take one for the other.
TEST(Fold, GroupsOfOneClassWithEqualSizesAreKeptApart) {
  const ToyJob job{.tp = 4, .pp = 2, .dp = 4, .same_sizes = true};
  EXPECT_EQ(expect_folding_changes_nothing(job), 2u);
}

// A class that would send to itself is split by the place in its group.
TEST(Fold, ARingInsideAClassIsSplitByPlace) {
  const ToyJob job{.tp = 4, .pp = 2, .dp = 4, .ring_inside_tp = true};
  EXPECT_EQ(expect_folding_changes_nothing(job), 8u);
}

TEST(Fold, AStragglerSplitsClassesOnlyWhereItReaches) {
  const ToyJob job{.tp = 2, .pp = 4, .dp = 8, .straggler = 5};
  const std::size_t classes = expect_folding_changes_nothing(job);
  EXPECT_GT(classes, 4u);
  EXPECT_LT(classes, 64u);
}

TEST(Fold, ASlowNicSplitsClasses) {
  const ToyJob job{.tp = 2, .pp = 2, .dp = 8, .slow_nic = 3};
  EXPECT_GT(expect_folding_changes_nothing(job), 2u);
}

ToyJob random_job(std::mt19937_64& random) {
  const auto pick = [&random](std::initializer_list<int> from) { return *(from.begin() + random() % from.size()); };
  ToyJob job;
  job.tp = pick({1, 2, 2, 4});
  job.pp = pick({1, 2, 3, 4});
  job.dp = pick({1, 2, 4, 6});
  job.dp_before_pp = pick({0, 1});
  job.gpus_per_node = pick({2, 4, 8});
  job.gpus_per_nic = pick({1, 1, 2});
  job.nodes_per_leaf = pick({1, 2, 3});
  // Odd numbers, so that rounding shows; from never full to always full.
  job.leaf_rate = pick({31, 77, 123, 1000}) * 1'000'000'007LL;
  job.nic_rate = pick({25, 50}) * 999'999'937LL;
  job.max_rate = pick({0, 0, 11, 40}) * 1'000'000'009LL;
  job.micro_batches = pick({1, 3, 5});
  job.overlap_dp = pick({0, 1});
  job.ring_inside_tp = pick({0, 0, 1});
  job.same_sizes = pick({0, 1});
  job.straggler = pick({0, 0, 1}) ? static_cast<int>(random() % static_cast<std::uint64_t>(job.ranks())) : -1;
  job.slow_nic = pick({0, 0, 0, 1}) ? 0 : -1;
  return job;
}

TEST(Fold, FoldedIsUnfoldedOnRandomJobs) {
  std::mt19937_64 random(11);
  std::size_t ranks = 0, classes = 0;
  for (int i = 0; i < 60; ++i) {
    const ToyJob job = random_job(random);
    ranks += static_cast<std::size_t>(job.ranks());
    classes += expect_folding_changes_nothing(job);
  }
  EXPECT_LT(3 * classes, 2 * ranks) << "little was folded: the test has lost its point";
}

// What is broken is left as it is, so that check() can say what is wrong with it.
TEST(Fold, ABrokenWorkloadIsLeftAlone) {
  Workload w = ToyWorkload({.tp = 2, .pp = 2, .dp = 2}).make();
  w.peer_roles.edit()[testing::kNext].peer_of[RankId{1}] = RankId::none();
  EXPECT_EQ(fold(w).workload.ranks(), w.ranks());
  EXPECT_FALSE(check(fold(w).workload).empty());
}

}  // namespace
}  // namespace orrery::sim
