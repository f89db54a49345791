#include "models/collectives/nccl/choice.h"

#include <algorithm>
#include <bit>

#include "models/collectives/links/ring_steps.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr Algorithm kNcclAlgorithms[] = {Algorithm::ring,      Algorithm::tree,           Algorithm::nvls,
                                         Algorithm::nvls_tree, Algorithm::collnet_direct, Algorithm::collnet_chain,
                                         Algorithm::pat};

const NcclModel& model_of(const Communicator& c) {
  return c.site.facts->nccl;
}

bool gathers_or_scatters(TransferKind kind) {
  return kind == TransferKind::all_gather || kind == TransferKind::reduce_scatter;
}

std::size_t by_nodes(const Communicator& c) {
  return static_cast<std::size_t>(std::min(c.nodes(), 3) - 1);
}

int log2_floor(int n) {
  return std::bit_width(static_cast<unsigned>(n)) - 1;
}

// A hop between nodes: the network's own latency counts twice for Simple, whose
// flush is a second trip. With one rank per node NCCL takes the tree's constants.
double network_hop(const Communicator& c, Choice choice) {
  const Algorithm constants =
      choice.algorithm == Algorithm::ring && c.ranks_per_domain == 1 ? Algorithm::tree : choice.algorithm;
  const double hop = of(model_of(c).of(constants).network_hop, choice.protocol);
  return hop + c.network_latency * (choice.protocol == Protocol::simple ? 2 : 1);
}

double latency(TransferKind kind, double bytes, const Communicator& c, Choice choice) {
  const AlgorithmLatency& own = model_of(c).of(choice.algorithm);
  const double base = of(own.base, choice.protocol);
  const double intra = of(c.site.pcie ? own.pcie_hop : own.nvlink_hop, choice.protocol);
  const double inter = c.nodes() > 1 ? network_hop(c, choice) : 0;
  const int others = c.ranks_per_domain - 1, levels = log2_floor(c.nodes());
  switch (choice.algorithm) {
    case Algorithm::tree:
      return base + 2 * (others * intra + levels * inter);
    case Algorithm::nvls:
      return base + intra + inter;
    case Algorithm::nvls_tree:
      return base + intra + 2 * levels * inter;
    case Algorithm::collnet_direct:
      return base + 2 * (std::min(1, others) * intra + 0.4 * others) + inter;
    case Algorithm::collnet_chain:
      return base + 2 * others * intra + inter;
    case Algorithm::pat:
      return base + levels * inter / 3.5 + 2.8 * c.ranks;
    default:
      break;
  }
  const RingSteps steps = ring_steps(kind, c, choice.protocol, intra);
  const double ring = base + steps.inside * steps.hop_inside + steps.between * inter;
  const bool large = choice.protocol == Protocol::simple && kind == TransferKind::all_reduce && c.nodes() > 1 &&
                     bytes / (static_cast<double>(c.graph.channels) * c.ranks) >= 64;
  return large ? ring * model_of(c).large_ring_latency : ring;
}

// Of one head: what the switches of a node take, and what a NIC between nodes does. Older versions reckon
// without an efficiency, and with one ratio for what is left of it.
double nvls_head(TransferKind kind, const Communicator& c, Choice choice) {
  const NcclModel& m = model_of(c);
  const double heads = c.graph.heads, p = c.ranks_per_domain;
  const bool reduces_all = kind == TransferKind::all_reduce, tree = choice.algorithm == Algorithm::nvls_tree;
  const double efficiency =
      m.nvls_ratio[by_nodes(c)] > 0 ? 1 : m.nvls_efficiency * (heads - 1) / heads * (reduces_all ? 2 : 1);
  double speed = c.graph.nvls_intra * efficiency * (reduces_all ? 1 : (p - 1) / p);
  if (c.nodes() == 1) return speed;
  speed = std::min(speed, c.graph.nvls_inter * (tree ? m.nvls_tree_nic[by_nodes(c)] : 1));
  return tree ? std::min(speed, m.nvls_tree[by_nodes(c)]) : speed;
}

double tree_bandwidth(const Communicator& c, Protocol protocol, double bytes) {
  const NcclModel& m = model_of(c);
  const double all = c.graph.channels * c.graph.tree_speed;
  double tree = std::min(all * 0.92, c.graph.channels * m.tree_simple[by_nodes(c)]);
  if (protocol == Protocol::ll) tree = std::min(tree / 3.8, m.ll_max[by_nodes(c)]);
  if (protocol == Protocol::ll128)
    tree = std::min(tree * (c.nodes() == 1 ? 7.0 / 9 : 120.0 / 128), c.graph.channels * m.tree_ll128[by_nodes(c)]);
  return tree * tree_correction(protocol, bytes);
}

double ring_bandwidth(const Communicator& c, Protocol protocol) {
  const NcclModel& m = model_of(c);
  const double all = c.graph.channels * c.graph.speed;
  if (protocol == Protocol::ll) return std::min(m.ll_max[by_nodes(c)], all * 0.5);
  if (protocol == Protocol::ll128) return std::min(all * 0.92, c.graph.channels * m.ring_ll128[by_nodes(c)]);
  return all;
}

// SHARP: each NIC reduces what its GPUs bring it.
double collnet_bandwidth(TransferKind kind, const Communicator& c, Algorithm algorithm) {
  const double nic = std::min(c.site.nic_rate, c.graph.nvls_inter > 0 ? c.graph.nvls_inter : c.site.nic_rate);
  if (gathers_or_scatters(kind)) return c.ranks_per_domain * 0.9 * nic;
  const double all = c.ranks_per_domain * nic;
  return algorithm == Algorithm::collnet_direct && c.site.generation >= Generation::hopper ? all * 0.85 : all;
}

// Algorithm bandwidth of NVLS over its bus bandwidth.
double nvls_ratio(TransferKind kind, const Communicator& c, double of_a_ring) {
  const double ratio = model_of(c).nvls_ratio[by_nodes(c)];
  if (ratio == 0) return of_a_ring;
  return kind == TransferKind::all_reduce ? ratio : 1;
}

// GB/s of the operation's bytes.
double algorithm_bandwidth(TransferKind kind, double bytes, const Communicator& c, Choice choice) {
  const bool one_way = kind == TransferKind::broadcast || kind == TransferKind::reduce;
  const double to_algorithm = one_way ? 1 : static_cast<double>(c.ranks) / ring_steps(kind, c.ranks);
  switch (choice.algorithm) {
    case Algorithm::tree:
      return 0.5 * tree_bandwidth(c, choice.protocol, bytes);
    case Algorithm::nvls:
    case Algorithm::nvls_tree:
      return nvls_ratio(kind, c, to_algorithm) * c.graph.heads * nvls_head(kind, c, choice);
    case Algorithm::collnet_direct:
    case Algorithm::collnet_chain:
      return (kind == TransferKind::all_reduce ? 0.5 : 1) * collnet_bandwidth(kind, c, choice.algorithm);
    case Algorithm::pat:
      return to_algorithm * 0.75 * ring_bandwidth(c, Protocol::simple);
    default:
      return to_algorithm * ring_bandwidth(c, choice.protocol);
  }
}

}  // namespace

int ring_steps(TransferKind kind, int ranks) {
  return (kind == TransferKind::all_reduce ? 2 : 1) * (ranks - 1);
}

bool nccl_can(TransferKind kind, const Communicator& c, Choice choice) {
  const bool reduces_all = kind == TransferKind::all_reduce, simple = choice.protocol == Protocol::simple;
  const bool sums = kind != TransferKind::all_gather;
  const bool switches = c.site.nvls && c.even && c.ranks_per_domain > 1 && simple && !(c.int8 && sums);
  const bool sharp = c.site.sharp && c.nodes() > 1 && c.even && c.ranks_per_domain <= 8 && simple;
  switch (choice.algorithm) {
    case Algorithm::ring:
      if (c.site.pcie && choice.protocol == Protocol::ll128) return false;  // over NVLink alone (graph/tuning.cc)
      return choice.protocol != Protocol::ll128 || c.site.generation != Generation::volta || c.nodes() == 1;
    case Algorithm::tree:
      return reduces_all && !(c.site.pcie && choice.protocol == Protocol::ll128);
    case Algorithm::nvls:
      return switches && (reduces_all || gathers_or_scatters(kind)) && (c.nodes() == 1 || c.site.sharp);
    case Algorithm::nvls_tree:
      return switches && reduces_all && c.nodes() > 1;
    case Algorithm::collnet_direct:
      return sharp && (reduces_all || gathers_or_scatters(kind));
    case Algorithm::collnet_chain:
      return sharp && reduces_all;
    case Algorithm::pat:
      return model_of(c).pat && simple && gathers_or_scatters(kind) && c.nodes() > 1 && c.ranks_per_domain == 1;
    default:
      return false;
  }
}

double nccl_estimate(TransferKind kind, double bytes, const Communicator& c, Choice choice) {
  return latency(kind, bytes, c, choice) + bytes / (1000 * algorithm_bandwidth(kind, bytes, c, choice));
}

namespace {

template <class Enum>
bool has(const std::vector<Enum>& allowed, Enum value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

// What the cluster's NCCL is told (NCCL_ALGO, NCCL_PROTO) where a person does not say otherwise.
bool is_told(const Communicator& c, Choice choice, const Forced& forced) {
  return (forced.algorithm || has(c.site.facts->algorithms, choice.algorithm)) &&
         (forced.protocol || has(c.site.facts->protocols, choice.protocol));
}

std::vector<Choice> possible(TransferKind kind, const Communicator& c, const Forced& forced, bool told) {
  const auto can = [&](Algorithm algorithm) {
    return nccl_can(kind, c, {algorithm, forced.protocol.value_or(Protocol::simple)});
  };
  const bool follow = forced.algorithm && can(*forced.algorithm);
  std::vector<Choice> choices;
  for (Algorithm algorithm : kNcclAlgorithms) {
    if (follow && algorithm != *forced.algorithm) continue;
    if (!follow && algorithm == Algorithm::tree && c.nodes() == 1) continue;
    for (Protocol protocol : {Protocol::simple, Protocol::ll, Protocol::ll128}) {
      const Choice choice{algorithm, protocol};
      if ((forced.protocol && protocol != *forced.protocol) || !nccl_can(kind, c, choice)) continue;
      if (!told || is_told(c, choice, forced)) choices.push_back(choice);
    }
  }
  return choices;
}

}  // namespace

std::vector<Choice> nccl_choices(TransferKind kind, const Communicator& c, const Forced& forced) {
  std::vector<Choice> choices = possible(kind, c, forced, true);
  // An operation that can do nothing of what was told runs all the same.
  return choices.empty() ? possible(kind, c, forced, false) : choices;
}

Choice nccl_choice(TransferKind kind, double bytes, const Communicator& c, const Forced& forced,
                   std::span<const Choice> choices) {
  if (const std::optional<Tuner>& tuner = c.site.facts->tuner; tuner && !forced.algorithm && !forced.protocol)
    if (const auto choice = tuner->choice(kind, bytes, c.ranks, c.nodes()); choice && nccl_can(kind, c, *choice))
      return *choice;
  const Choice* best = nullptr;
  double least = 0;
  for (const Choice& choice : choices) {
    const double time = nccl_estimate(kind, bytes, c, choice);
    if (best == nullptr || time < least) best = &choice, least = time;
  }
  return best == nullptr ? Choice{} : *best;
}

Choice nccl_choice(TransferKind kind, double bytes, const Communicator& c, const Forced& forced) {
  return nccl_choice(kind, bytes, c, forced, nccl_choices(kind, c, forced));
}

}  // namespace orrery::models
