// How fast the network and the collectives are. Each rate stands beside what somebody
// else takes for the same on a machine of theirs ("times_faster"), where that is known.

#include <benchmark/benchmark.h>

#include <ctime>
#include <numeric>

#include "models/collectives/planner.h"
#include "models/collectives/steps/algorithms.h"
#include "models/collectives/steps/chunk_net.h"
#include "models/collectives/table.h"
#include "sim/base/random.h"
#include "sim/network/flow_net.h"
#include "topology/catalogue.h"

namespace orrery {
namespace {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

SearchPath presets() {
  return SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
}

std::shared_ptr<const topology::Fabric> fabric_of(const std::string& cluster) {
  const auto text = parse_document(cluster, "bench.yaml");
  return std::make_shared<const topology::Fabric>(
      topology::Fabric::build(topology::read_cluster(text.value(), presets()).value()).value());
}

sim::FlowNet network_of(const topology::Fabric& fabric) {
  IdVector<LinkId, sim::Link> links;
  for (const topology::FabricLink& link : fabric.links())
    links.add({link.capacity, static_cast<std::uint8_t>(link.kind)});
  return sim::FlowNet(links);
}

// A phase over the route from one GPU to another.
sim::Phase flow(const topology::Fabric& fabric, std::uint32_t from, std::uint32_t to, std::int64_t bytes) {
  std::vector<LinkId> route;
  fabric.route({from}, {to}, route);
  std::sort(route.begin(), route.end());
  auto uses = std::make_shared<sim::LinkUses>();
  for (const LinkId link : route) uses->push_back({link, 1});
  sim::Phase phase;
  phase.bytes = {bytes};
  phase.uses = std::move(uses);
  return phase;
}

// All-reduce of 8 B to 8 GiB on 16,384 GPUs. Bar: 1 s.
void BM_AllReduceTable(benchmark::State& state) {
  const auto fabric = fabric_of("{preset: dgx-h100, nodes: 2048}");
  const auto facts = models::read_collective_facts(presets(), fabric->cluster()).value();
  std::vector<RankId> ranks;
  for (std::uint32_t r = 0; r < 16384; ++r) ranks.push_back({r});
  std::vector<Bytes> sizes;
  for (std::int64_t bytes = 8; bytes <= std::int64_t{8} << 30; bytes *= 2) sizes.push_back({bytes});
  for (auto _ : state) {
    const auto planner = models::make_planner(fabric, models::Network::flow, facts);
    benchmark::DoNotOptimize(
        models::collective_table(*fabric, *planner, sim::TransferKind::all_reduce, ranks, sizes).size());
  }
}
BENCHMARK(BM_AllReduceTable)->Unit(benchmark::kMillisecond);

// 4,096 messages in flight on rails; as one ends, another begins. Bar: 200,000 changes of a rate a second
// where components are small: with 2,048 nodes a message meets few others. With 512 nodes the
// uplinks of leaves can be full, and hundreds of messages hang together; few of their rates change.
void BM_Churn(benchmark::State& state) {
  const auto nodes = static_cast<std::uint32_t>(state.range(0));
  const auto fabric = fabric_of("{preset: dgx-h100, nodes: " + std::to_string(nodes) + "}");
  const KeyedRandom random(3);
  std::uint64_t drawn = 0, changes = 0;
  const auto any = [&] {
    const auto from = static_cast<std::uint32_t>(random.bits(drawn++) % (8 * nodes));
    const auto node = static_cast<std::uint32_t>(random.bits(drawn++) % nodes);
    return flow(*fabric, from, from % 8 + 8 * (node == from / 8 ? (node + 1) % nodes : node), 1 << 30);
  };
  sim::FlowNet net = network_of(*fabric);
  std::vector<sim::FlowNet::ActivityId> present;
  std::vector<sim::FlowNet::Completion> changed;
  std::vector<sim::Phase> phases;
  for (int i = 0; i < 4096; ++i) present.push_back(net.start(Time(), any()));
  net.settle(Time(), changed);
  for (int i = 0; i < 100'000; ++i) phases.push_back(any());
  double seconds = 0;
  std::size_t next = 0;
  Time now;
  for (auto _ : state) {
    const double start = cpu_seconds();
    for (int i = 0; i < 10'000; ++i) {
      now = now + Duration::ns(1);
      auto& slot = present[random.bits(drawn++) % present.size()];
      net.end(now, slot);
      slot = net.start(now, phases[next++ % phases.size()]);
      changed.clear();
      net.settle(now, changed);
      changes += changed.size();
    }
    seconds += cpu_seconds() - start;
  }
  state.counters["changes/s"] = static_cast<double>(changes) / seconds;
}
BENCHMARK(BM_Churn)->Arg(2048)->Arg(512)->ArgName("nodes")->Unit(benchmark::kMillisecond);

// Every pair of a fat tree sends at once, each as a flow of its own. Bars: 0.5 s for 256
// GPUs, 5 s for 1,024. SimGrid: 13.6 s, and more than 320 s.
void BM_AllPairs(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  const auto fabric = fabric_of("{gpu: h100-sxm-80gb, gpus_per_node: 1, nodes: " + std::to_string(n) +
                                ", scale_up: {kind: pcie}, host: {pcie: gen5, nics: 1}, fabric: {kind: fat-tree, link: "
                                "400Gb/s, leaf_radix: 64}}");
  double seconds = 0;
  for (auto _ : state) {
    const double start = cpu_seconds();
    sim::FlowNet net = network_of(*fabric);
    std::vector<sim::FlowNet::Completion> ends;
    std::vector<sim::FlowNet::ActivityId> flows;
    for (std::uint32_t a = 0; a < n; ++a)
      for (std::uint32_t b = 0; b < n; ++b)
        if (a != b) flows.push_back(net.start(Time(), flow(*fabric, a, b, 1 << 20)));
    net.settle(Time(), ends);
    Time last;
    for (const auto& end : ends) last = std::max(last, end.when);
    for (const auto id : flows) net.end(last, id);
    ends.clear();
    net.settle(last, ends);
    seconds += cpu_seconds() - start;
  }
  state.counters["times_faster"] = (n == 256 ? 13.6 : 320) * static_cast<double>(state.iterations()) / seconds;
}
BENCHMARK(BM_AllPairs)->Arg(256)->Arg(1024)->Unit(benchmark::kMillisecond)->Iterations(1);

// A ring all-reduce of 1 MB over 1,024 ranks, chunk by chunk. Bar: 1 s. ASTRA-sim's
// analytical network: 12.0 s. Once as it is run, once with nothing multiplied out.
void BM_ChunkRing(benchmark::State& state) {
  const int n = 1024, chunks = 4;
  const bool one_by_one = state.range(0) != 0;
  models::Steps steps = *models::ring_steps_of(sim::TransferKind::all_reduce, n, 1'000'000.0 / chunks);
  if (one_by_one) {  // no two steps in a row alike
    models::Steps apart;
    for (models::Step& step : steps)
      for (int t = 0, times = std::exchange(step.times, 1); t < times; ++t) apart.push_back(step);
    steps = std::move(apart);
  }
  double seconds = 0;
  for (auto _ : state) {
    const double start = cpu_seconds();
    for (int chunk = 0; chunk < chunks; ++chunk) {
      models::ChunkNet net(std::vector<BytesPerSecond>(n, BytesPerSecond{50'000'000'000}));
      benchmark::DoNotOptimize(net.run(steps, n, 1, [](const models::Message& m) {
        return models::Way{{m.from}, Duration::ns(500)};
      }));
    }
    seconds += cpu_seconds() - start;
  }
  state.counters["times_faster"] = 12.0 * static_cast<double>(state.iterations()) / seconds;
}
BENCHMARK(BM_ChunkRing)->Arg(0)->Arg(1)->ArgName("one_by_one")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery

BENCHMARK_MAIN();
