#include "topology/listed.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>

#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kMostRoutes = 64u << 20;  // four bytes each

// The port of its node that a NIC belongs to; none where the job leaves it alone.
std::optional<std::uint32_t> port_of(const ListedEnd& nic, const HostTree& host) {
  for (std::uint32_t p = 0; p < host.ports(); ++p) {
    const int first = host.port(p).first_nic, number = static_cast<int>(nic.nic);
    if (number >= first && number < first + host.port(p).nics) return p;
  }
  return std::nullopt;
}

// A network as a file lists it. Routes are shortest in hops and fixed for a
// destination, as a subnet manager lays them (OpenSM's min-hop): a switch sends what
// goes to a port over that of its shortest ways which fewest ports were given to so
// far, for its wires. So ways that are equally short share the destinations evenly.
//
// Vertices are ports of nodes first, then switches. A port has one link (its NICs'
// wires are one bundle), so nothing ever passes through it.
class ListedNetwork final : public Interconnect {
 public:
  ListedNetwork(const ClusterSpec& cluster, const HostTree& host)
      : fabric_(cluster.fabric.listed),
        spec_(cluster.fabric),
        ports_of_node_(host.ports()),
        ports_(static_cast<std::uint32_t>(cluster.nodes) * host.ports()) {
    add_links(host);
    find_routes();
  }

  void route(std::uint32_t from, std::uint32_t to, std::uint32_t, std::vector<LinkId>& links) const override {
    walk(from, to, [&](const Bundle& bundle, std::uint32_t pair, std::uint32_t at) {
      links.push_back(bundle.below == at ? out(pair) : in(pair));
    });
  }

  int switches_passed(std::uint32_t from, std::uint32_t to) const override {
    int links = 0;
    walk(from, to, [&](const Bundle&, std::uint32_t, std::uint32_t) { ++links; });
    return std::max(0, links - 1);
  }

  // Links that name no latency share what the network's usual ones add up to:
  // half of the first switch's at each NIC, a switch more at each link between two.
  std::optional<Duration> own_latency(std::uint32_t from, std::uint32_t to) const override {
    Duration sum;
    walk(from, to, [&](const Bundle& bundle, std::uint32_t, std::uint32_t) { sum = sum + bundle.latency; });
    return sum;
  }

  std::string name(std::uint32_t pair) const override {
    return vertex_name(bundles_[pair].below) + "-" + vertex_name(bundles_[pair].above);
  }
  std::pair<std::string_view, std::string_view> directions(std::uint32_t pair) const override {
    if (bundles_[pair].below < ports_) return {"out", "in"};
    return {"up", "down"};
  }
  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const override {
    return {vertex(bundles_[pair].below), vertex(bundles_[pair].above)};
  }
  std::uint32_t switches() const override { return static_cast<std::uint32_t>(fabric_->switches.size()); }
  std::string switch_name(std::uint32_t index) const override { return fabric_->switches[index]; }
  int tier(std::uint32_t index) const override { return tiers_[index]; }
  int wires(std::uint32_t pair) const override { return bundles_[pair].wires; }

 protected:
  void add_pairs(Links& links) const override {
    for (const Bundle& bundle : bundles_)
      add_pair(links, bundle.below < ports_ ? LinkKind::nic : LinkKind::spine, bundle.rate);
  }

 private:
  struct Bundle {
    std::uint32_t below = 0, above = 0;
    BytesPerSecond rate;
    Duration latency;
    int wires = 0;
  };

  Vertex vertex(std::uint32_t v) const { return v < ports_ ? Vertex{false, v} : Vertex{true, v - ports_}; }
  std::string vertex_name(std::uint32_t v) const {
    if (v >= ports_) return fabric_->switches[v - ports_];
    return "node" + std::to_string(v / ports_of_node_) + "/nic" + std::to_string(v % ports_of_node_);
  }

  // None for nodes and NICs that the job leaves alone.
  std::uint32_t vertex_of(const ListedEnd& end, const HostTree& host) const {
    if (end.is_switch) return ports_ + end.index;
    const std::optional<std::uint32_t> port = port_of(end, host);
    const std::uint32_t v = end.index * ports_of_node_ + port.value_or(0);
    return port && v < ports_ ? v : kNone;
  }

  Duration usual_latency(bool nic) const {
    return nic ? Duration::ps(spec_.latency.count_ps() / 2) : spec_.switch_latency;
  }

  void add_links(const HostTree& host) {
    links_at_.resize(ports_ + fabric_->switches.size());
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> known;
    for (const ListedLink& link : fabric_->links) {
      std::uint32_t below = vertex_of(link.a, host), above = vertex_of(link.b, host);
      if (below == kNone || above == kNone) continue;
      if (below >= ports_ && above < ports_) std::swap(below, above);
      const auto [at, fresh] = known.emplace(std::minmax(below, above), static_cast<std::uint32_t>(bundles_.size()));
      if (fresh) {
        bundles_.push_back({below, above, {}, link.latency.value_or(usual_latency(below < ports_)), 0});
        links_at_[below].push_back(at->second);
        links_at_[above].push_back(at->second);
      }
      Bundle& bundle = bundles_[at->second];
      const BytesPerSecond rate = link.rate.n > 0 ? link.rate : spec_.link;
      bundle.rate.n += static_cast<std::int64_t>(static_cast<double>(rate.n) * spec_.efficiency * link.wires + 0.5);
      bundle.wires += link.wires;
    }
  }

  std::uint32_t other(std::uint32_t pair, std::uint32_t at) const {
    return bundles_[pair].below == at ? bundles_[pair].above : bundles_[pair].below;
  }

  void find_routes() {
    const std::size_t switches = fabric_->switches.size();
    next_.assign(switches * ports_, kNone);
    tiers_.assign(switches, std::numeric_limits<int>::max());
    std::vector<std::int64_t> given(2 * bundles_.size(), 0);  // destinations, by link
    std::vector<std::uint32_t> hops;
    for (std::uint32_t port = 0; port < ports_; ++port) {
      count_hops(port, hops);
      for (std::uint32_t s = 0; s < switches; ++s) {
        if (hops[ports_ + s] == kNone) continue;
        tiers_[s] = std::min(tiers_[s], static_cast<int>(hops[ports_ + s]));
        next_[std::size_t{s} * ports_ + port] = choose(ports_ + s, hops, given);
      }
    }
  }

  // Breadth first from the destination; ports are passed by nobody.
  void count_hops(std::uint32_t port, std::vector<std::uint32_t>& hops) const {
    hops.assign(links_at_.size(), kNone);
    hops[port] = 0;
    std::deque<std::uint32_t> queue = {port};
    while (!queue.empty()) {
      const std::uint32_t at = queue.front();
      queue.pop_front();
      if (at < ports_ && at != port) continue;
      for (std::uint32_t pair : links_at_[at]) {
        const std::uint32_t to = other(pair, at);
        if (hops[to] != kNone) continue;
        hops[to] = hops[at] + 1;
        queue.push_back(to);
      }
    }
  }

  // Among the shortest ways the least given for its wires; the first of equals.
  std::uint32_t choose(std::uint32_t at, const std::vector<std::uint32_t>& hops,
                       std::vector<std::int64_t>& given) const {
    std::uint32_t best = kNone;
    const auto direction = [&](std::uint32_t pair) { return 2 * pair + (bundles_[pair].below == at ? 0 : 1); };
    for (std::uint32_t pair : links_at_[at]) {
      if (hops[other(pair, at)] + 1 != hops[at]) continue;
      if (best == kNone ||
          given[direction(pair)] * bundles_[best].wires < given[direction(best)] * bundles_[pair].wires)
        best = pair;
    }
    if (best != kNone) ++given[direction(best)];
    return best;
  }

  // Calls `visit(bundle, pair, vertex that it leaves)` for every link of the way.
  template <class Visit>
  void walk(std::uint32_t from, std::uint32_t to, Visit visit) const {
    std::uint32_t at = from;
    while (at != to) {
      const std::uint32_t pair = at < ports_ ? links_at_[at].front() : next_[std::size_t{at - ports_} * ports_ + to];
      visit(bundles_[pair], pair, at);
      at = other(pair, at);
    }
  }

  std::shared_ptr<const ListedFabric> fabric_;
  FabricSpec spec_;
  std::uint32_t ports_of_node_, ports_;
  std::vector<Bundle> bundles_;
  std::vector<std::vector<std::uint32_t>> links_at_;  // bundles of each vertex
  std::vector<std::uint32_t> next_;                   // bundle, by switch and destination
  std::vector<int> tiers_;                            // hops to the nearest port, by switch
};

// The NICs of one GPU are one port, so they must lead to one place.
std::optional<Error> check_ports(const ListedFabric& fabric, const ClusterSpec& cluster, const HostTree& host) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, ListedEnd> leads_to;  // by node and port
  for (const ListedLink& link : fabric.links)
    for (const auto& [nic, far] : {std::pair(link.a, link.b), std::pair(link.b, link.a)}) {
      if (nic.is_switch || nic.index >= static_cast<std::uint32_t>(cluster.nodes)) continue;
      const std::optional<std::uint32_t> port = port_of(nic, host);
      if (!port) continue;
      const auto [first, fresh] = leads_to.emplace(std::pair(nic.index, *port), far);
      if (!fresh && !(first->second == far))
        return Error{link.where,
                     "'" + fabric.name(nic) + "' and another NIC of the same GPU lead to different switches ('" +
                         fabric.name(far) + "', '" + fabric.name(first->second) + "'), which is not supported yet",
                     Fault::unsupported};
    }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Interconnect>> make_listed(const ClusterSpec& cluster, const HostTree& host) {
  const ListedFabric& fabric = *cluster.fabric.listed;
  const std::size_t ports = static_cast<std::size_t>(cluster.nodes) * host.ports();
  if (fabric.switches.size() * ports > kMostRoutes)
    return Error{{},
                 std::to_string(fabric.switches.size()) + " listed switches and " + std::to_string(ports) +
                     " ports of nodes are more routes than are kept"};
  if (std::optional<Error> error = check_ports(fabric, cluster, host)) return *error;
  return std::unique_ptr<Interconnect>(std::make_unique<ListedNetwork>(cluster, host));
}

}  // namespace orrery::topology
