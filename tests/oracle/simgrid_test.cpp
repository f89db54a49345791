#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "sim/base/random.h"
#include "sim/network/fair_share.h"

#if __has_include(<simgrid/s4u.hpp>)
#include <simgrid/s4u.hpp>
#endif

// The fair shares of SimGrid, a network simulator of its own (Debian libsimgrid-dev), on
// random systems of flows and links. Its factors are set to one, its latencies to one for
// all, so that it shares links max-min fair too.

namespace orrery::sim {
namespace {

constexpr int kSystems = 200;

struct Flow {
  std::vector<std::uint32_t> links;
  std::int64_t limit = 0;  // 0: none
};
struct System {
  std::vector<std::int64_t> capacities;
  std::vector<Flow> flows;
};

System random_system(std::uint32_t number) {
  const KeyedRandom random(number);
  std::uint64_t drawn = 0;
  const auto below = [&](std::uint64_t n) { return random.bits(drawn++) % n; };
  System system;
  const auto links = 1 + below(8);
  for (std::uint64_t l = 0; l < links; ++l)
    system.capacities.push_back(static_cast<std::int64_t>(1'000'000'000 + below(99'000'000'000)));
  const auto flows = 1 + below(12);
  for (std::uint64_t f = 0; f < flows; ++f) {
    Flow flow;
    for (std::uint32_t l = 0; l < links; ++l)
      if (below(3) == 0) flow.links.push_back(l);
    if (flow.links.empty()) flow.links.push_back(static_cast<std::uint32_t>(below(links)));
    if (below(4) == 0) flow.limit = static_cast<std::int64_t>(100'000'000 + below(10'000'000'000));
    system.flows.push_back(std::move(flow));
  }
  return system;
}

std::vector<double> ours(const System& system) {
  FairShare shares;
  for (const std::int64_t capacity : system.capacities) shares.add_link({capacity});
  for (const Flow& flow : system.flows) {
    shares.add_activity(flow.limit > 0 ? BytesPerSecond{flow.limit} : FairShare::kUnlimited);
    for (const std::uint32_t link : flow.links) shares.add_use(link, 1);
  }
  shares.solve();
  std::vector<double> rates;
  for (std::uint32_t f = 0; f < system.flows.size(); ++f) rates.push_back(static_cast<double>(shares.rate(f).n));
  return rates;
}

#if __has_include(<simgrid/s4u.hpp>)

namespace sg = simgrid::s4u;

// All systems side by side in one platform, each on links of its own.
class Platform {
 public:
  explicit Platform(sg::Engine& engine) : engine_(engine), zone_(sg::create_full_zone("all")) {}

  void add(const System& system) {
    std::vector<const sg::Link*> links;
    for (const std::int64_t capacity : system.capacities)
      links.push_back(zone_->create_link(name(), static_cast<double>(capacity))->seal());
    for (const Flow& flow : system.flows) {
      sg::Host* const from = zone_->create_host(name(), 1e9)->seal();
      sg::Host* const to = zone_->create_host(name(), 1e9)->seal();
      std::vector<sg::LinkInRoute> route;
      // A wire of its own: the flow's limit, and one latency for all whatever they cross.
      const double limit = flow.limit > 0 ? static_cast<double>(flow.limit) : 1e15;
      route.emplace_back(zone_->create_link(name(), limit)->set_latency(1e-3)->seal());
      for (const std::uint32_t link : flow.links) route.emplace_back(links[link]);
      zone_->add_route(from->get_netpoint(), to->get_netpoint(), nullptr, nullptr, route, false);
      pairs_.push_back({from, to});
    }
  }

  // Bytes per second of every flow, in the order of adding.
  std::vector<double> rates() {
    zone_->seal();
    std::vector<double> rates;
    sg::Actor::create("all", pairs_.front().from, [&] {
      constexpr std::uint64_t kBytes = 1'000'000'000'000'000;  // an hour and more
      std::vector<sg::CommPtr> flows;
      for (const Pair& pair : pairs_) flows.push_back(sg::Comm::sendto_async(pair.from, pair.to, kBytes));
      sg::this_actor::sleep_for(1);
      std::vector<double> left;
      for (const sg::CommPtr& flow : flows) left.push_back(flow->get_remaining());
      sg::this_actor::sleep_for(10);
      for (std::size_t f = 0; f < flows.size(); ++f) rates.push_back((left[f] - flows[f]->get_remaining()) / 10);
      for (const sg::CommPtr& flow : flows) flow->cancel();
    });
    engine_.run();
    return rates;
  }

 private:
  struct Pair {
    sg::Host *from, *to;
  };
  std::string name() { return "n" + std::to_string(names_++); }

  sg::Engine& engine_;
  sg::NetZone* zone_;
  std::vector<Pair> pairs_;
  int names_ = 0;
};

TEST(SimGrid, SharesLinksAsWeDo) {
  std::vector<std::string> words = {"simgrid",
                                    "--cfg=network/model:CM02",
                                    "--cfg=network/TCP-gamma:0",
                                    "--cfg=network/bandwidth-factor:1",
                                    "--cfg=network/latency-factor:1",
                                    "--cfg=network/weight-S:0",
                                    "--cfg=network/crosstraffic:0",
                                    "--cfg=maxmin/precision:1e-9",
                                    "--log=root.thresh:error"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  sg::Engine engine(&count, arguments.data());
  Platform platform(engine);
  for (std::uint32_t s = 0; s < kSystems; ++s) platform.add(random_system(s));
  const std::vector<double> theirs = platform.rates();
  std::size_t flow = 0;
  double worst = 0;
  for (std::uint32_t s = 0; s < kSystems; ++s)
    for (const double rate : ours(random_system(s))) {
      ASSERT_LT(flow, theirs.size());
      worst = std::max(worst, std::abs(rate / theirs[flow] - 1));
      EXPECT_NEAR(rate / theirs[flow], 1, 1e-6) << "flow " << flow << " of system " << s;
      ++flow;
    }
  EXPECT_EQ(flow, theirs.size());
  RecordProperty("flows", static_cast<int>(flow));
  std::printf("%zu flows of %d systems, worst difference %.1e\n", flow, kSystems, worst);
}

#else

TEST(SimGrid, SharesLinksAsWeDo) {
  static_cast<void>(ours(random_system(0)));
  GTEST_SKIP() << "simgrid (libsimgrid-dev) is not installed";
}

#endif

}  // namespace
}  // namespace orrery::sim
