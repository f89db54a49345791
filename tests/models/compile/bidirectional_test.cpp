// Pipelines that run from both ends: pipeline ranks r and p-1-r hold the same two stages, and so sum their gradients.

#include <algorithm>
#include <set>

#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Eight GPUs: two pipeline ranks of four, two of which have the same experts.
std::vector<Override> experts_from_both_ends(const char* schedule, const std::vector<Override>& more) {
  std::vector<Override> overrides = {{"model.moe", "{experts: 4, top_k: 2, ffn: 512}"},
                                     {"layout.pp", "2"},
                                     {"layout.ep", "2"},
                                     {"pipeline.schedule", schedule}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

std::set<std::uint32_t> members(const Compiled& c, const std::string& role, std::uint32_t rank) {
  for (const sim::GroupRoleInfo& info : c.workload.group_roles) {
    if (info.name != role || info.group_of[{rank}].is_none()) continue;
    std::set<std::uint32_t> ranks;
    for (const RankId member : c.workload.groups[info.group_of[{rank}]].members) ranks.insert(member.value);
    return ranks;
  }
  return {};
}

using Ranks = std::set<std::uint32_t>;

TEST(Bidirectional, BothRanksOfAStageAreReplicasOfItsExpertsToo) {
  for (const char* schedule : {"dualpipe", "chimera"}) {
    const Compiled c = compiled(read(small_scenario(), experts_from_both_ends(schedule, {{"layout.zero", "1"}})));
    EXPECT_EQ(members(c, "dp", 0), (Ranks{0, 1, 2, 3, 4, 5, 6, 7})) << schedule;
    EXPECT_EQ(members(c, "edp", 0), (Ranks{0, 2, 4, 6})) << schedule;
    EXPECT_EQ(members(c, "edp", 5), (Ranks{1, 3, 5, 7})) << schedule;
  }
}

// Shards lie on one pipeline rank, and their copies on both.
TEST(Bidirectional, CopiesOfShardsAreSummedOverBothRanksOfAStage) {
  const std::vector<Override> groups = {{"layout.zero", "1"}, {"layout.shard_group", "2"}};
  for (const char* schedule : {"dualpipe", "chimera"}) {
    const Compiled c = compiled(read(small_scenario(), experts_from_both_ends(schedule, groups)));
    EXPECT_EQ(members(c, "shard", 0), (Ranks{0, 1})) << schedule;
    EXPECT_EQ(members(c, "shard copies", 0), (Ranks{0, 2, 4, 6})) << schedule;
    EXPECT_EQ(members(c, "edp shard copies", 0), (Ranks{0, 2, 4, 6})) << schedule;
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << schedule << ": " << to_string(e);
  }
}

// One shard group on each pipeline rank: two copies all the same.
TEST(Bidirectional, AShardGroupOfAllReplicasHasACopyAtTheOtherEnd) {
  for (const char* group : {"4", "2"}) {
    const Scenario s = read(
        small_scenario(),
        {{"layout.pp", "2"}, {"layout.zero", "1"}, {"layout.shard_group", group}, {"pipeline.schedule", "chimera"}});
    const Compiled c = compiled(s);
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << group << ": " << to_string(e);
    EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest) << group;
  }
}

}  // namespace
}  // namespace orrery::models
