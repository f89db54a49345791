#include "models/collectives/steps/step_planner.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "models/collectives/phase.h"
#include "topology/build/grid.h"

namespace orrery::models {
namespace {

constexpr double kMicro = 1e-6;

// What a step costs by a protocol: as one of a ring's.
struct StepTimes {
  double base = 0, hop = 0, network_hop = 0;  // microseconds
  double nvlink_share = 1, network_share = 1;
};

StepTimes times_of(const Communicator& c, Protocol protocol) {
  const KernelTimes& times = c.site.facts->times;
  const RingTimes& ring = times.ring[static_cast<std::size_t>(protocol)];
  const double network =
      of(times.ring_network_hop, protocol) + c.network_latency * (protocol == Protocol::simple ? 2 : 1);
  return {ring.base, ring.hop, network, std::min(1.0, ring.bandwidth), of(kWireShare, protocol)};
}

// Of a message on all its channels: what a slice of each holds (enqueue.cc).
double piece_bytes(const Communicator& c, Protocol protocol, int rings) {
  constexpr double kSlice[] = {32768, 576000, 1048576};
  return kSlice[static_cast<int>(protocol)] * std::max(1, c.graph.channels / rings);
}

bool crosses(const topology::Fabric& fabric, std::span<const RankId> ranks, const Step& step) {
  return std::any_of(step.messages.begin(), step.messages.end(),
                     [&](const Message& m) { return !fabric.same_domain(ranks[m.from], ranks[m.to]); });
}

Duration alone(const sim::TransferPlan& plan) {
  Duration sum;
  for (const sim::Phase& phase : plan.phases)
    sum += phase.latency + (phase.bytes.n > 0 ? phase.bytes / phase.max_rate : Duration());
  return sum;
}

}  // namespace

StepPlanner::StepPlanner(const topology::Fabric& fabric, FootprintMaker& footprints)
    : fabric_(fabric), footprints_(footprints) {}

Places StepPlanner::places_of(std::span<const RankId> ranks, const Communicator& c) const {
  Places places{static_cast<int>(ranks.size()), {}, {}, {}};
  std::unordered_map<std::uint32_t, std::uint32_t> place;  // looked up only
  for (std::uint32_t i = 0; i < ranks.size(); ++i) place[ranks[i].value] = i;
  for (const auto& members : c.domains) {
    auto& domain = places.domains.emplace_back();
    for (const RankId rank : members) domain.push_back(place.at(rank.value));
  }
  const topology::ScaleUpSpec& spec = fabric_.cluster().scale_up;
  if (spec.kind != "torus" || places.ranks != fabric_.gpus()) return places;
  places.torus = spec.dimensions;
  places.on_torus.resize(ranks.size());
  const topology::Grid grid(spec.dimensions, spec.wrap_multiple);
  for (std::uint32_t i = 0; i < ranks.size(); ++i) {
    const std::vector<int> at = grid.coordinates(ranks[i].value);
    std::uint32_t vertex = 0;
    for (std::size_t d = at.size(); d-- > 0;)
      vertex = vertex * static_cast<std::uint32_t>(spec.dimensions[d]) + static_cast<std::uint32_t>(at[d]);
    places.on_torus[vertex] = i;
  }
  return places;
}

sim::TransferPlan StepPlanner::plan(const Steps& steps, std::span<const RankId> ranks, const Communicator& c,
                                    Algorithm algorithm, std::optional<Protocol> forced) const {
  std::vector<TrafficFootprint> links;
  for (const Step& step : steps) links.push_back(footprints_.step(step, ranks));
  std::optional<sim::TransferPlan> best;
  for (const Protocol protocol : {Protocol::ll, Protocol::simple}) {
    if (forced && (*forced == Protocol::ll) != (protocol == Protocol::ll)) continue;
    const StepTimes times = times_of(c, protocol);
    const Method method{algorithm, protocol, c.graph.channels};
    sim::TransferPlan plan{{}, claim_of(method), method.pack()};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      Course course;
      course.links = &links[i].links;
      course.startup = (i == 0 ? times.base : 0) +
                       steps[i].times * (crosses(fabric_, ranks, steps[i]) ? times.network_hop : times.hop);
      course.bytes = links[i].parts * steps[i].times;
      const double rate = links[i].links.rate(times.nvlink_share, times.network_share);
      course.seconds = rate > 0 && std::isfinite(rate) ? course.bytes / rate : 0;
      plan.phases.push_back(phase_of(course, fabric_.paths(), true));
    }
    if (!best || alone(plan) < alone(*best)) best = std::move(plan);
  }
  return best.value_or(sim::TransferPlan{});
}

Duration StepPlanner::chunked(const Steps& steps, std::span<const RankId> ranks, const Communicator& c,
                              Protocol protocol, int rings) const {
  const StepTimes times = times_of(c, protocol);
  std::vector<BytesPerSecond> rates;
  std::unordered_map<std::uint32_t, std::uint32_t> number;  // of a link of the fabric; looked up only
  std::vector<LinkId> route;
  // Every way is asked for twice: once to number its links, once in the run.
  const auto way = [&](const Message& m) {
    Way found;
    route.clear();
    fabric_.route(ranks[m.from], ranks[m.to], route);
    for (const LinkId link : route) {
      const auto [at, added] = number.emplace(link.value, static_cast<std::uint32_t>(rates.size()));
      found.links.push_back(at->second);
      if (!added) continue;
      const topology::FabricLink& wire = fabric_.links()[link];
      const double share = wire.joins_gpus() ? times.nvlink_share : times.network_share;
      rates.push_back(
          {std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(wire.capacity.n) * share))});
    }
    const bool inside = fabric_.same_domain(ranks[m.from], ranks[m.to]);
    found.latency = Duration::from_seconds((inside ? times.hop : times.network_hop) * kMicro);
    return found;
  };
  double largest = 0;
  for (const Step& step : steps)
    for (const Message& m : step.messages) way(m), largest = std::max(largest, m.bytes);
  constexpr double kMostPieces = 16;
  const int pieces =
      static_cast<int>(std::clamp(std::ceil(largest / piece_bytes(c, protocol, rings)), 1.0, kMostPieces));
  ChunkNet net(rates);
  return Duration::from_seconds(times.base * kMicro) +
         net.run(steps, c.ranks, pieces, way, {0}, std::max(1, c.ranks_per_domain));
}

void stretch(sim::TransferPlan& plan, Duration whole) {
  const Duration now = alone(plan);
  if (plan.phases.empty() || now <= Duration() || whole == now) return;
  Duration waiting;
  for (const sim::Phase& phase : plan.phases) waiting += phase.latency;
  const Duration flowing = now - waiting;
  const double left = std::max(0.0, (whole - flowing).seconds());
  const double share = waiting > Duration() ? left / waiting.seconds() : 0;
  for (sim::Phase& phase : plan.phases) phase.latency = Duration::from_seconds(phase.latency.seconds() * share);
  if (waiting == Duration() && left > 0) plan.phases.front().latency = Duration::from_seconds(left);
}

}  // namespace orrery::models
