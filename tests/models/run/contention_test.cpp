// The flow network at scale: all replicas reduce while every stage sends, over uplinks that are full.
#include <set>

#include "models/compile/roles.h"
#include "sim/network/flow_net.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

Scenario oversubscribed(const std::vector<Override>& overrides = {}) {
  const std::string file = std::string(ORRERY_SOURCE_DIR) + "/scenarios/oversubscribed-16k-h100.yaml";
  Result<Scenario> scenario = read_scenario(file, overrides);
  if (!scenario) {
    ADD_FAILURE() << to_string(scenario.errors().front());
    std::abort();
  }
  return std::move(scenario).value();
}

// Transfers over a network, all begun at one moment.
class Rush {
 public:
  explicit Rush(const sim::Workload& workload) : workload_(workload), net_(workload.links) {
    for (std::size_t i = 0; i < workload.links.size(); ++i) bytes_.add(0);
  }

  void start(sim::TransferKind kind, std::span<const RankId> ranks, Bytes bytes) {
    for (const sim::Phase& phase : workload_.planner->plan({kind, ranks, bytes}).phases) {
      if (phase.bytes.n == 0) continue;
      net_.start(Time(), phase);
      for (const sim::LinkUse& use : *phase.uses) bytes_[use.link] += phase.bytes.n * use.connections;
    }
  }

  // Until all are through. Whenever a rate has changed, no link carries more than its capacity.
  Time run() {
    Time now;
    settle(now);
    while (!ends_.empty()) {
      now = ends_.begin()->first;
      while (!ends_.empty() && ends_.begin()->first == now) {
        const sim::FlowNet::ActivityId done = ends_.begin()->second;
        ends_.erase(ends_.begin());
        end_of_.erase(done);
        net_.end(now, done);
      }
      settle(now);
    }
    return now;
  }

  std::int64_t bytes(LinkId link) const { return bytes_[link]; }
  int most_full_links() const { return most_full_; }

 private:
  void settle(Time now) {
    std::vector<sim::FlowNet::Completion> changed;
    net_.settle(now, changed);
    for (const auto& [activity, when] : changed) {
      if (const auto old = end_of_.find(activity); old != end_of_.end()) ends_.erase({old->second, activity});
      end_of_[activity] = when;
      ends_.insert({when, activity});
    }
    look_at_links();
  }

  void look_at_links() {
    int full = 0;
    for (std::uint32_t l = 0; l < workload_.links.size(); ++l) {
      const std::int64_t load = net_.load({l}).n, capacity = workload_.links[{l}].capacity.n;
      ASSERT_LE(load, capacity) << l;
      full += load > capacity - capacity / 1'000'000;
    }
    most_full_ = std::max(most_full_, full);
  }

  const sim::Workload& workload_;
  sim::FlowNet net_;
  IdVector<LinkId, std::int64_t> bytes_;
  std::map<sim::FlowNet::ActivityId, Time> end_of_;
  std::set<std::pair<Time, sim::FlowNet::ActivityId>> ends_;
  int most_full_ = 0;
};

// A leaf has four nodes: eight rings of gradients leave it once each, and 32 GPUs send to the next stage and
// to the one before. All of that goes over one uplink, which is full until the last of them is through.
TEST(Contention, OfAllReplicasAndAllStagesTakesWhatTheUplinksTake) {
  const Compiled c = compiled(oversubscribed());
  const sim::Workload& workload = c.workload;
  ASSERT_EQ(workload.ranks(), 16'384u);
  constexpr std::int64_t kGradients = 1 << 30, kActivations = 16 << 20, kReplicas = 128;
  Rush rush(workload);
  std::set<GroupId> begun;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const GroupId replicas = workload.group_of({r}, role::dp);
    if (begun.insert(replicas).second)
      rush.start(sim::TransferKind::reduce_scatter, workload.groups[replicas].members, {kGradients});
    for (const sim::PeerRole stage : {role::next_stage, role::previous_stage}) {
      const std::array<RankId, 2> pair = {RankId{r}, workload.peer_of({r}, stage)};
      rush.start(sim::TransferKind::point_to_point, pair, {kActivations});
    }
  }
  EXPECT_EQ(begun.size(), 128u);
  const Time end = rush.run();

  constexpr std::int64_t kUplink = 8 * (kGradients / kReplicas * (kReplicas - 1)) + 32 * 2 * kActivations;
  const std::int64_t capacity =
      32 * std::int64_t{46'000'000'000} / 8;  // 32 NICs of 50 GB/s, of which RoCE reaches 92 %
  int uplinks = 0;                            // of leaves; pods above them, of 32 leaves, are not oversubscribed
  for (std::uint32_t l = 0; l < workload.links.size(); ++l) {
    if (workload.link_kinds[workload.links[{l}].kind] != "spine" || workload.links[{l}].capacity.n > capacity) continue;
    ++uplinks;
    EXPECT_EQ(workload.links[{l}].capacity.n, capacity);
    EXPECT_NEAR(static_cast<double>(rush.bytes({l})) / kUplink, 1, 1e-6);
  }
  EXPECT_EQ(uplinks, 2 * 512);
  EXPECT_GE(rush.most_full_links(), uplinks);
  const double bound = static_cast<double>(kUplink) / static_cast<double>(capacity);
  EXPECT_GE((end - Time()).seconds(), bound);
  EXPECT_NEAR((end - Time()).seconds() / bound, 1, 1e-6);
}

// Every rank of an eighth of it: the digest is that of the few that stand for them. (All 16,384:
// tests/cli/scale_test.py.)
TEST(Contention, FoldedIsUnfolded) {
  const Compiled c =
      compiled(oversubscribed({{"cluster.nodes", "256"}, {"layout.dp", "16"}, {"training.global_batch", "256"}}));
  const sim::RunResult folded = run_folded(c), every = run_every_rank(c);
  EXPECT_EQ(folded.digest, every.digest);
  EXPECT_EQ(folded.step_ends, every.step_ends);
}

}  // namespace
}  // namespace orrery::models
