#include "topology/detours.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sim/base/read/suggest.h"
#include "topology/build/wiring.h"

namespace orrery::topology {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// Shares of what a link's wires can carry.
using Shares = std::map<LinkId, std::vector<double>>;

std::vector<const Part*> parts_of(const Wiring& w) {
  std::vector<const Part*> parts;
  for (const Part* part : std::initializer_list<const Part*>{w.scale_up.get(), w.host.get(), w.network.get()})
    if (part) parts.push_back(part);
  return parts;
}

// Calls f(name, pair's part, pair, wire) for every link and every wire of a bundle
// (wire -1: all of it).
template <class F>
void each_name(const Wiring& w, F f) {
  for (const Part* part : parts_of(w))
    for (std::uint32_t pair = 0; pair < part->pairs(); ++pair) {
      f(part->name(pair), *part, pair, -1);
      for (int wire = 0; part->wires(pair) > 1 && wire < part->wires(pair); ++wire)
        f(part->wire_name(pair, wire), *part, pair, wire);
    }
}

void weaken(const Part& part, std::uint32_t pair, int wire, LinkId link, const LinkFault& fault, const Links& links,
            Shares& shares) {
  const int wires = part.wires(pair);
  std::vector<double>& of = shares.try_emplace(link, static_cast<std::size_t>(wires), 1.0).first->second;
  const double whole = static_cast<double>(links[link].capacity.n) / wires;
  for (int i = 0; i < wires; ++i)
    if (wire < 0 || wire == i)
      of[static_cast<std::size_t>(i)] = fault.rate.n > 0 ? static_cast<double>(fault.rate.n) / whole : fault.share;
}

std::optional<Error> find_and_weaken(const Wiring& w, const LinkFault& fault, const Links& links, Shares& shares) {
  std::vector<std::string> names;
  bool found = false;
  each_name(w, [&](const std::string& name, const Part& part, std::uint32_t pair, int wire) {
    const auto [out, in] = part.directions(pair);
    const bool both = fault.link == name;
    const bool one = fault.link.size() > name.size() && fault.link.compare(0, name.size(), name) == 0;
    if (both || (one && fault.link == name + " " + std::string(out)))
      found = true, weaken(part, pair, wire, part.out(pair), fault, links, shares);
    if (both || (one && fault.link == name + " " + std::string(in)))
      found = true, weaken(part, pair, wire, part.in(pair), fault, links, shares);
    if (names.size() < 200'000) names.push_back(name);
  });
  if (found) return std::nullopt;
  return Error{fault.where, "'cluster.faults' names the link '" + fault.link.substr(0, 80) +
                                "', but this fabric has none of that name" + did_you_mean(fault.link, names) +
                                "; `orrery topo --format json` lists them"};
}

std::int64_t what_is_left(const std::vector<double>& shares, std::int64_t whole, bool adaptive) {
  double sum = 0, least = 1e300;
  int alive = 0;
  for (double share : shares)
    if (share > 0) sum += share, least = std::min(least, share), ++alive;
  const double wires = adaptive ? sum : alive * (alive > 0 ? least : 0);
  return static_cast<std::int64_t>(static_cast<double>(whole) / static_cast<double>(shares.size()) * wires + 0.5);
}

// Vertices reached from GPU 0, along the edges or against them.
std::vector<bool> reached(const Detours& d, bool against) {
  std::vector<bool> seen(d.graph.vertices, false);
  std::vector<std::uint32_t> queue = {0};
  seen[0] = true;
  for (std::size_t i = 0; i < queue.size(); ++i)
    for (std::uint32_t e : (against ? d.reaching : d.leaving)[queue[i]]) {
      const std::uint32_t next = against ? d.graph.edges[e].from : d.graph.edges[e].to;
      if (!seen[next]) seen[next] = true, queue.push_back(next);
    }
  return seen;
}

std::optional<Error> disconnected(const Fabric& fabric, const Detours& d, const Where& where) {
  for (bool against : {false, true}) {
    const std::vector<bool> seen = reached(d, against);
    for (std::uint32_t gpu = 0; gpu < d.graph.gpus; ++gpu) {
      if (seen[gpu]) continue;
      const std::string a = fabric.gpu_name({0}), b = fabric.gpu_name({gpu});
      return Error{where, "'cluster.faults' leave no path from " + (against ? b : a) + " to " + (against ? a : b)};
    }
  }
  return std::nullopt;
}

void keep_what_works(const Fabric& fabric, Detours& d) {
  d.graph = graph_of(fabric);
  std::erase_if(d.graph.edges, [&](const FabricGraph::Edge& e) {
    return std::binary_search(d.failed.begin(), d.failed.end(), e.link);
  });
  d.leaving.resize(d.graph.vertices), d.reaching.resize(d.graph.vertices);
  for (std::uint32_t e = 0; e < d.graph.edges.size(); ++e) {
    d.leaving[d.graph.edges[e].from].push_back(e);
    d.reaching[d.graph.edges[e].to].push_back(e);
  }
}

}  // namespace

Result<Detours> apply_faults(const Fabric& fabric, Links& links) {
  const ClusterSpec& cluster = fabric.cluster();
  Shares shares;
  Errors errors;
  for (const LinkFault& fault : cluster.faults)
    if (std::optional<Error> error = find_and_weaken(fabric.wiring(), fault, links, shares)) errors.push_back(*error);
  if (!errors.empty()) return errors;

  Detours d;
  const bool adaptive = cluster.fabric.routing == "adaptive";
  for (const auto& [link, of] : shares) {
    links[link].capacity.n = what_is_left(of, links[link].capacity.n, adaptive);
    if (links[link].capacity.n < 1) d.failed.push_back(link);
  }
  // The engine divides by capacities; nothing is ever routed over these.
  for (LinkId link : d.failed) links[link].capacity.n = 1;
  if (d.failed.empty()) return d;
  keep_what_works(fabric, d);
  if (std::optional<Error> error = disconnected(fabric, d, cluster.faults.front().where)) return *error;
  return d;
}

bool Detours::blocks(std::span<const LinkId> route) const {
  return std::any_of(route.begin(), route.end(),
                     [this](LinkId link) { return std::binary_search(failed.begin(), failed.end(), link); });
}

void Detours::route(RankId from, RankId to, std::vector<LinkId>& links) const {
  std::vector<std::uint32_t> came_by(graph.vertices, kNone);
  std::vector<std::uint32_t> queue = {from.value};
  for (std::size_t i = 0; i < queue.size() && came_by[to.value] == kNone; ++i)
    for (std::uint32_t e : leaving[queue[i]]) {
      const std::uint32_t next = graph.edges[e].to;
      if (next != from.value && came_by[next] == kNone) came_by[next] = e, queue.push_back(next);
    }
  const std::size_t start = links.size();
  for (std::uint32_t at = to.value; at != from.value && came_by[at] != kNone; at = graph.edges[came_by[at]].from)
    links.push_back(graph.edges[came_by[at]].link);
  std::reverse(links.begin() + static_cast<std::ptrdiff_t>(start), links.end());
}

}  // namespace orrery::topology
