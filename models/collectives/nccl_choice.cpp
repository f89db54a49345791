#include "models/collectives/nccl_choice.h"

#include <algorithm>
#include <bit>

namespace orrery::models {
namespace {

using sim::TransferKind;

bool is_chain(TransferKind kind) {
  return kind == TransferKind::broadcast || kind == TransferKind::reduce;
}

// Microseconds that the host proxy adds to each step of a ring over nodes.
double post_overhead(const Communicator& c, Protocol protocol) {
  if (c.nodes() == 1) return 0;
  return (c.site.amd_host ? 2.0 : 1.0) * (protocol == Protocol::simple ? 3 : 1);
}

// A hop between nodes: the network's own latency counts twice for Simple, whose
// flush is a second trip. With one rank per node NCCL takes the tree's constants.
double network_hop(const NcclModel& m, const Communicator& c, Choice choice) {
  const bool tree = choice.algorithm == Algorithm::tree || c.ranks_per_domain == 1;
  const double hop = of(tree ? m.tree_network : m.ring_network, choice.protocol);
  return hop + c.network_latency * (choice.protocol == Protocol::simple ? 2 : 1);
}

int log2_floor(int n) {
  return std::bit_width(static_cast<unsigned>(n)) - 1;
}

struct Startup {
  double base, hop;  // of the algorithm inside a node
};

double ring_startup(TransferKind kind, const Communicator& c, const NcclModel& m, Choice choice, Startup own) {
  if (is_chain(kind)) return own.base + (c.ranks - c.nodes()) * own.hop + (c.nodes() - 1) * network_hop(m, c, choice);
  const int steps = ring_steps(kind, c.ranks), network = ring_steps(kind, c.nodes());
  return own.base + (steps - network) * std::max(own.hop, post_overhead(c, choice.protocol)) +
         network * network_hop(m, c, choice);
}

double tree_startup(const Communicator& c, const NcclModel& m, Choice choice, Startup own) {
  return own.base + 2 * ((c.ranks_per_domain - 1) * own.hop + log2_floor(c.nodes()) * network_hop(m, c, choice));
}

std::size_t by_nodes(const Communicator& c) {
  return static_cast<std::size_t>(std::min(c.nodes(), 3) - 1);
}

double ll_max(const NcclModel& m, const Communicator& c) {
  if (c.nodes() == 1) return m.ll_max_one_node;
  return c.nodes() == 2 ? m.ll_max_two_nodes : m.ll_max_nodes;
}

// Bus bandwidth in GB/s.
double ring_bandwidth(const NcclModel& m, const Communicator& c, Protocol protocol) {
  const double all = c.graph.channels * c.graph.speed;
  if (protocol == Protocol::ll) return std::min(ll_max(m, c), all * 0.5);
  if (protocol == Protocol::ll128) return std::min(all * 0.92, c.graph.channels * m.ring_ll128[by_nodes(c)]);
  return all;
}

double tree_bandwidth(const NcclModel& m, const Communicator& c, Protocol protocol, double bytes) {
  double all = c.graph.channels * c.graph.tree_speed;
  all = std::min(all * 0.92, c.graph.channels * m.tree_simple[by_nodes(c)]);
  if (protocol == Protocol::ll) all = std::min(all / 3.8, ll_max(m, c));
  if (protocol == Protocol::ll128)
    all = std::min(all * (c.nodes() == 1 ? 7.0 / 9 : 120.0 / 128), c.graph.channels * m.tree_ll128[by_nodes(c)]);
  return all * tree_correction(protocol, bytes);
}

}  // namespace

int ring_steps(TransferKind kind, int ranks) {
  return (kind == TransferKind::all_reduce ? 2 : 1) * (ranks - 1);
}

double nccl_estimate(TransferKind kind, double bytes, const Communicator& c, Choice choice) {
  const NcclModel& m = nccl_model(c.site.generation, c.site.amd_host);
  const Protocol p = choice.protocol;
  if (choice.algorithm == Algorithm::tree) {
    const double latency = tree_startup(c, m, choice, {of(m.tree_base, p), of(m.tree_nvlink, p)});
    return latency + bytes / (1000 * 0.5 * tree_bandwidth(m, c, p, bytes));
  }
  double latency = ring_startup(kind, c, m, choice, {of(m.ring_base, p), of(m.ring_nvlink, p)});
  if (p == Protocol::simple && kind == TransferKind::all_reduce && c.nodes() > 1 &&
      bytes / (static_cast<double>(c.graph.channels) * c.ranks) >= 64)
    latency *= m.large_ring_latency;
  const double wire = is_chain(kind) ? 1.0 : static_cast<double>(ring_steps(kind, c.ranks)) / c.ranks;
  return latency + bytes * wire / (1000 * ring_bandwidth(m, c, p));
}

Choice nccl_choice(TransferKind kind, double bytes, const Communicator& c) {
  Choice best;
  double least = nccl_estimate(kind, bytes, c, best);
  const bool trees = kind == TransferKind::all_reduce && c.nodes() > 1;
  for (Algorithm algorithm : {Algorithm::tree, Algorithm::ring}) {
    if (algorithm == Algorithm::tree && !trees) continue;
    for (Protocol protocol : {Protocol::ll, Protocol::ll128, Protocol::simple}) {
      if (protocol == Protocol::ll128 && c.site.generation == Generation::volta && c.nodes() > 1) continue;
      const double time = nccl_estimate(kind, bytes, c, {algorithm, protocol});
      if (time < least) best = {algorithm, protocol}, least = time;
    }
  }
  return best;
}

double startup_microseconds(TransferKind kind, const Communicator& c, Choice choice) {
  const NcclModel& m = nccl_model(c.site.generation, c.site.amd_host);
  const Measured& measured_here = measured(c.site.generation);
  const Protocol p = choice.protocol;
  if (choice.algorithm == Algorithm::tree)
    return tree_startup(c, m, choice, {of(measured_here.base, p), of(m.tree_nvlink, p)});
  return ring_startup(kind, c, m, choice, {of(measured_here.base, p), of(measured_here.hop, p)});
}

double send_hop_microseconds(const Site& site, double network_latency, Protocol protocol) {
  const NcclModel& m = nccl_model(site.generation, site.amd_host);
  return of(m.ring_network, protocol) + network_latency * (protocol == Protocol::simple ? 2 : 1);
}

}  // namespace orrery::models
