#pragma once

#include <deque>
#include <map>
#include <tuple>
#include <utility>

#include "sim/engine/engine.h"
#include "sim/planner.h"
#include "sim/workload.h"

// What engine tests are built with: a planner that anyone can check by hand, and
// a workload with its tables filled in.
namespace orrery::sim::kit {

enum : Category { kCompute, kTp, kPp, kDp, kHost };

// Every transfer takes `latency`, then `bytes` at `rate`, once a phase. With `over_links`, the
// bytes cross link i for every rank i that takes part, where a link is shared.
class SimplePlanner : public TransferPlanner {
 public:
  Duration latency = Duration::us(1);
  BytesPerSecond rate{1'000'000'000};  // 1 byte a nanosecond
  bool over_links = false;
  int phases = 1;
  std::uint32_t own_link_from = 0;   // a group of one crosses link own_link_from + rank instead
  std::uint32_t pair_link_from = 0;  // a send crosses link pair_link_from + rank
  std::map<TransferKind, std::uint8_t> claims;

  const TransferPlan& plan(const TransferRequest& request) const override {
    std::vector<std::uint32_t> ranks;
    for (const RankId rank : request.ranks) ranks.push_back(rank.value);
    ++asked[std::tuple(request.kind, ranks, request.bytes.n)];
    if (ranks.size() == 1) ranks[0] += own_link_from;
    if (request.kind == TransferKind::point_to_point)
      for (std::uint32_t& rank : ranks) rank += pair_link_from;
    TransferPlan plan;
    if (const auto claim = claims.find(request.kind); claim != claims.end()) plan.claim = claim->second;
    plan.phases.assign(static_cast<std::size_t>(phases),
                       {latency, request.bytes, rate, over_links ? uses(std::move(ranks)) : nullptr});
    return plans_.emplace_back(std::move(plan));
  }
  std::string algorithm_name(std::uint32_t) const override { return "simple"; }

  mutable std::map<std::tuple<TransferKind, std::vector<std::uint32_t>, std::int64_t>, int> asked;

 private:
  static std::shared_ptr<const LinkUses> uses(std::vector<std::uint32_t> ranks) {
    std::sort(ranks.begin(), ranks.end());
    auto links = std::make_shared<LinkUses>();
    for (const std::uint32_t rank : ranks)
      if (links->empty() || links->back().link.value != rank) links->push_back({LinkId{rank}, 1});
    return links;
  }
  mutable std::deque<TransferPlan> plans_;
};

inline Duration took(const SimplePlanner& p, std::int64_t bytes) {
  return p.latency + Bytes{bytes} / p.rate;
}

struct World {
  std::shared_ptr<SimplePlanner> planner = std::make_shared<SimplePlanner>();
  Workload workload;

  World() {
    workload.categories = {{"compute", false}, {"tp", false}, {"pp", true}, {"dp", false}, {"host", false}};
    workload.causes = {"parameters", "activations"};
    workload.claims = {{"none", {}}};
    workload.planner = planner;
    workload.steps = 1;
  }

  // Ranks that all run `program`.
  void ranks(std::size_t n, Program program) {
    const ProgramId id = workload.programs.add(std::move(program));
    for (std::size_t i = 0; i < n; ++i) workload.program_of.add(id);
  }
  // A role in which `members` are one group.
  GroupRole group(std::vector<std::uint32_t> members, bool crosses_pipeline = false) {
    return groups({std::move(members)}, crosses_pipeline);
  }
  GroupRole groups(const std::vector<std::vector<std::uint32_t>>& all, bool crosses_pipeline = false) {
    GroupRoleInfo role;
    role.crosses_pipeline = crosses_pipeline;
    for (const auto& members : all) {
      Group group;
      for (const std::uint32_t m : members) {
        group.members.push_back({m});
        while (role.group_of.size() <= m) role.group_of.add(GroupId::none());
      }
      const GroupId id = workload.groups.add(group);
      for (const std::uint32_t m : members) role.group_of[RankId{m}] = id;
    }
    workload.group_roles.edit().push_back(std::move(role));
    return static_cast<GroupRole>(workload.group_roles.size() - 1);
  }
  // A role of peers: peer_of[i] is rank i's, -1 for none.
  PeerRole peers(const std::vector<int>& peer_of) {
    PeerRoleInfo role;
    for (const int p : peer_of) role.peer_of.add(p < 0 ? RankId::none() : RankId{static_cast<std::uint32_t>(p)});
    workload.peer_roles.edit().push_back(std::move(role));
    return static_cast<PeerRole>(workload.peer_roles.size() - 1);
  }
  void links(std::size_t n, BytesPerSecond capacity) {
    for (std::size_t i = 0; i < n; ++i) workload.links.add({capacity, 0});
  }
};

// A builder with the words that tests use.
struct Script : ProgramBuilder {
  Script() : ProgramBuilder("test") {
    add_stream("main");
    add_stream("side");
  }
  static constexpr StreamIndex main = 0, side = 1;

  OpRef kernel(StreamIndex s, Duration cost, Category c = kCompute, KernelClass k = KernelClass::compute_bound) {
    return ProgramBuilder::kernel(s, cost, c, k, label("kernel"));
  }
  OpRef all_reduce(StreamIndex s, GroupRole role, std::int64_t bytes, Category c = kTp) {
    return collective(s, {TransferKind::all_reduce, role, 0, Bytes{bytes}}, c, label("all-reduce"));
  }
  OpRef send(StreamIndex s, PeerRole role, std::int64_t bytes, bool grouped = false, std::uint16_t tag = 0) {
    return ProgramBuilder::send(s, {TransferKind::point_to_point, role, tag, Bytes{bytes}}, kPp, label("send"),
                                grouped);
  }
  OpRef receive(StreamIndex s, PeerRole role, std::int64_t bytes, bool grouped = false, std::uint16_t tag = 0) {
    return ProgramBuilder::receive(s, {TransferKind::point_to_point, role, tag, Bytes{bytes}}, kPp, label("receive"),
                                   grouped);
  }
  OpRef begin(char action, std::uint32_t mb) { return marker(main, {Marker::Kind::action_begin, action, 0, mb}); }
  OpRef end(char action, std::uint32_t mb) { return marker(main, {Marker::Kind::action_end, action, 0, mb}); }
  OpRef step_end() { return marker(main, {Marker::Kind::step_end, ' ', 0, 0}); }
  std::uint32_t tensor(std::int64_t bytes, std::uint8_t cause = 1) { return buffer(Bytes{bytes}, cause, label("t")); }
  Program done() {
    step_end();
    return std::move(*this).finish();
  }
};

inline Duration total(const std::vector<Duration>& parts) {
  Duration sum;
  for (const Duration d : parts) sum += d;
  return sum;
}
inline Duration total(const RankTime& time) {
  return total(time.busy) + total(time.exposed) + total(time.late) + time.bubble;
}
inline Time at(Duration d) {
  return Time::at(d);
}

}  // namespace orrery::sim::kit
