#include "sim/leaps/calm_run.h"

#include <algorithm>

#include "sim/leaps/meet/bookings.h"
#include "sim/leaps/meet/contested_links.h"
#include "sim/leaps/walk/walk.h"
#include "sim/network/link_counts.h"
#include "sim/phase.h"

namespace orrery::sim {
namespace {

class CalmRun {
 public:
  CalmRun(const Workload& workload, const Tracks& tracks, const MeetingOrder& order, const FlowNet& network)
      : workload_(workload), order_(order), walk_(workload, tracks), bookings_(workload.links.size()) {
    routes_.reserve(order.routes.size());
    for (const MeetingOrder::Route& route : order.routes) routes_.push_back(planned(route, network));
    find_contested(network);
  }

  std::optional<RunResult> run(const std::atomic<bool>* stop) {
    for (int step = 0; step < workload_.steps; ++step) {
      is_measured_ = step + 1 == workload_.steps;
      if (stop && stop->load(std::memory_order_relaxed)) return std::nullopt;
      for (const MeetingOrder::Encounter& encounter : order_.encounters)
        if (!meet(encounter)) return std::nullopt;
    }
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) walk_.go_on({r});
    if (walk_.unfit()) return std::nullopt;
    return summarize();
  }

 private:
  // A phase that takes links, from the start of its transfer on.
  struct Flow {
    const Phase* phase = nullptr;
    Duration from, to;
    std::uint32_t first_link = 0, end_link = 0;  // of those that others may want meanwhile
  };
  struct Wanted {
    LinkId link;
    Int128 demand = 0;
  };
  struct Route {
    const TransferPlan* plan = nullptr;
    Duration time;
    std::uint32_t first_flow = 0, end_flow = 0;
  };

  // What takes too long for times to add up takes for ever.
  Route planned(const MeetingOrder::Route& route, const FlowNet& network) {
    const Bytes bytes = workload_.programs[route.program].transfers[route.transfer].bytes;
    Route planned{&workload_.planner->plan({route.kind, route.ranks, bytes}), Duration(), flows_so_far(), 0};
    for (const Phase& phase : planned.plan->phases) {
      planned.time = sum(planned.time, phase.latency);
      const Duration from = planned.time;
      planned.time = sum(from, flows(phase) ? network.time_alone(phase) : own_time(phase));
      if (flows(phase)) flows_.push_back({&phase, from, planned.time, 0, 0});
    }
    planned.end_flow = flows_so_far();
    return planned;
  }
  std::uint32_t flows_so_far() const { return static_cast<std::uint32_t>(flows_.size()); }
  static Duration sum(Duration a, Duration b) { return a < kTooLong && b < kTooLong ? a + b : kTooLong; }

  std::span<const Flow> flows_of(const Route& route) const {
    return std::span(flows_).subspan(route.first_flow, route.end_flow - route.first_flow);
  }

  void find_contested(const FlowNet& network) {
    ContestedLinks are_contested(workload_.links.size());
    for (std::uint32_t r = 0; r < routes_.size(); ++r)
      for (const Flow& flow : flows_of(routes_[r])) are_contested.use(*flow.phase->uses, r);
    for (std::uint32_t r = 0; r < routes_.size(); ++r)
      for (Flow& flow : std::span(flows_).subspan(routes_[r].first_flow, routes_[r].end_flow - routes_[r].first_flow))
        find_contested(flow, are_contested, order_.routes[r].times * workload_.steps, network);
  }
  void find_contested(Flow& flow, const ContestedLinks& are_contested, std::int64_t times, const FlowNet& network) {
    flow.first_link = static_cast<std::uint32_t>(contested_.size());
    for (const LinkUse& use : *flow.phase->uses) {
      if (!are_contested(order_, use.link)) continue;
      contested_.push_back({use.link, network.demand(*flow.phase, use)});
      bookings_.expect(use.link, static_cast<std::size_t>(times));
    }
    flow.end_link = static_cast<std::uint32_t>(contested_.size());
  }

  // False if others on its links may slow it.
  bool book(const Route& route, Time start) {
    for (const Flow& flow : flows_of(route))
      for (const Wanted& wanted : std::span(contested_).subspan(flow.first_link, flow.end_link - flow.first_link))
        if (!bookings_.take(wanted.link, workload_.links[wanted.link].capacity,
                            {start + flow.from, start + flow.to, wanted.demand, is_measured_}))
          return false;
    return true;
  }

  bool meet(const MeetingOrder::Encounter& encounter) {
    const Route& route = routes_[encounter.route];
    const std::span<const RankId> ranks = order_.ranks_at(encounter);
    Arrival last = come(ranks.front());
    for (const RankId id : ranks.subspan(1))
      if (const Arrival arrival = come(id); arrival.speaks_over(last)) last = arrival;
    if (last.when > Walk::kFar || route.time >= kTooLong || !book(route, last.when)) return false;
    const Passage passage{last.when, last.when + route.time, last.bubble_from, last.bubble_to};
    for (const RankId id : ranks) walk_.pass(id, passage);
    return true;
  }

  // To the transfers that the rank makes next, if it is not there.
  Arrival come(RankId id) {
    if (walk_[id].open == 0) walk_.go_on(id);
    return walk_.arrival(id);
  }

  RunResult summarize() {
    RunResult result = walk_.summarize();
    result.links = LinkLoads(workload_.links.size());
    for (std::size_t r = 0; r < routes_.size(); ++r) {
      const std::int64_t times = order_.routes[r].times;
      result.events += routes_[r].plan->phases.size() * static_cast<std::uint64_t>(times * workload_.steps);
      for (const Flow& flow : flows_of(routes_[r]))
        LinkCounts::add_alone(*flow.phase, flow.to - flow.from, times, result.links);
    }
    std::ranges::sort(contested_, {}, &Wanted::link);
    for (std::size_t i = 0; i < contested_.size(); ++i)
      if (const LinkId link = contested_[i].link; i == 0 || link != contested_[i - 1].link)
        result.links.own(link).busy = bookings_.busy(link);
    return result;
  }

  static constexpr Duration kTooLong = Duration::ps(std::int64_t{1} << 60);

  const Workload& workload_;
  const MeetingOrder& order_;
  Walk walk_;
  Bookings bookings_;
  std::vector<Route> routes_;  // as those of the order
  std::vector<Flow> flows_;
  std::vector<Wanted> contested_;
  bool is_measured_ = false;
};

}  // namespace

std::optional<RunResult> calm_run(const Workload& workload, const Tracks& tracks, const MeetingOrder& order,
                                  const FlowNet& network, const std::atomic<bool>* stop) {
  return CalmRun(workload, tracks, order, network).run(stop);
}

}  // namespace orrery::sim
