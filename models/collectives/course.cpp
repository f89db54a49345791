#include "models/collectives/course.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "models/collectives/links/ring_rates.h"
#include "models/collectives/links/ring_steps.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr double kMicro = 1e-6, kGiga = 1e9, kKiB = 1024;

// What a tree between nodes reaches of a ring by LL128, as NCCL reckons it (graph/tuning.cc).
constexpr double kTreeLl128 = 120.0 / 128;

// A block of threads moves this much in one pass of LL; with less, some are idle
// and a step is a little faster.
constexpr double kBlock = 4096;

double bytes_per_second(const Communicator& c, double share) {
  return share * c.site.nvlink_budget * kGiga;
}

// The time of `bytes` on each connection, links at these shares of their rates.
double on_links(const Footprint& links, double bytes, double nvlink_share, double network_share) {
  const double rate = links.rate(nvlink_share, network_share);
  return rate > 0 && std::isfinite(rate) ? bytes / rate : 0;
}

// What the links slow down that is short: the root of their time, in seconds.
double ramp(double factor, double seconds) {
  return factor * kMicro * std::sqrt(seconds / kMicro);
}

// NCCL moves a rank's own share through the same kernel, behind the traffic of the
// links; over a network it hides there.
double own_share(const Communicator& c, double bytes, double share) {
  return c.nodes() == 1 ? bytes / c.ranks / bytes_per_second(c, share) : 0;
}

int log2_floor(int n) {
  return std::bit_width(static_cast<unsigned>(n)) - 1;
}

double network_hop(const ByProtocol& hops, const Communicator& c, Protocol protocol) {
  return of(hops, protocol) + c.network_latency * (protocol == Protocol::simple ? 2 : 1);
}

// Steps that only wait add up; steps of a ring by Simple, by LL128 inside a node and by LL over PCIe take the longer of
// a handshake and their bytes, whose sums meet in the root of squares.
void put_together(double base, double steps, double links, bool add, Course& course) {
  course.startup = base;
  const double waiting = steps * kMicro;
  if (add) {
    course.startup += steps;
    course.seconds += links;
  } else {
    course.seconds += std::sqrt(waiting * waiting + links * links);
  }
}

Course ring_course(TransferKind kind, double bytes, const Communicator& c, Protocol protocol, const Footprint& links) {
  const KernelTimes& times = c.site.facts->times;
  const RingTimes& own = times.ring[static_cast<std::size_t>(protocol)];
  const bool one_way = kind == TransferKind::broadcast || kind == TransferKind::reduce;
  const double part = bytes / c.ranks, full = part / (part + kBlock);
  const double queue = (1 - occupied(kind, bytes, c.ranks)) * own.queue;
  const RingSteps steps = ring_steps(kind, c, protocol, own.hop + full * own.full_hop - queue);
  const double waiting =
      steps.inside * steps.hop_inside +
      steps.between *
          network_hop(c.ranks_per_domain == 1 ? times.tree_network_hop : times.ring_network_hop, c, protocol);
  Course course;
  course.bytes = bytes * (one_way ? 1 : static_cast<double>(ring_steps(kind, c.ranks)) / c.ranks) / c.graph.spread;
  const double on_wire =
      std::max({on_links(links, course.bytes, own.bandwidth, of(kWireShare, protocol) * c.graph.rails),
                on_ports(links, course.bytes, own.ports), in_channels(kind, c, protocol, course.bytes)});
  course.seconds =
      (one_way ? 0 : own_share(c, bytes, kind == TransferKind::all_gather ? own.own_copy : own.own_share)) +
      (c.int8 && kind != TransferKind::all_gather ? own_share(c, bytes, times.int8_share) : 0) +
      ramp(own.ramp, on_wire);
  const bool add = (protocol == Protocol::ll && !c.site.pcie) || (protocol == Protocol::ll128 && c.nodes() > 1);
  put_together(own.base + full * own.full_base, waiting, on_wire, add, course);
  return course;
}

// What one channel of a tree moves, and in which pieces.
struct TreePart {
  double bytes = 0, chunk = 0;
};

TreePart tree_part(double bytes, const Communicator& c, Protocol protocol) {
  const double part = bytes / tree_channels(protocol, bytes, c.graph.channels);
  const bool by_depth = c.site.facts->nccl.tree_chunk_by_depth;
  return {part, std::min(part, tree_chunk(protocol, bytes, c.graph.channels, c.nodes(), c.ranks_per_domain, by_depth))};
}

// F13: before the tree is in full flow, its first chunk has been up and down, at the
// rate at which one channel's block of threads moves data. Microseconds.
double tree_fill(double chunk, const Communicator& c, const RingTimes& own) {
  const int depth = 2 * (c.ranks_per_domain - 1 + log2_floor(c.nodes()));
  const double channel = own.tree_channel > 0 ? bytes_per_second(c, own.tree_channel)
                                              : bytes_per_second(c, own.bandwidth) / ring_channels(c.site.generation);
  return depth * chunk / channel / kMicro;
}

// By Simple each chunk that follows takes the longer of its bytes and a handshake with the next node.
double tree_flow(const TreePart& part, double on_wire, const Communicator& c, Protocol protocol) {
  if (protocol != Protocol::simple || c.nodes() == 1) return on_wire;
  const double handshake = of(c.site.facts->times.tree_network_hop, protocol) + c.network_latency;
  const double rounds = part.bytes / part.chunk;
  return std::max(on_wire, (rounds - 1) * std::hypot(handshake * kMicro, on_wire / rounds));
}

// NCCL's corrections for trees of middling size fit what LL and LL128 lose in the chains
// inside nodes; by Simple it is the fill that takes long.
double tree_share(double bytes, const Communicator& c, Protocol protocol) {
  if (protocol == Protocol::simple) return 1;
  const double in_chains = c.ranks_per_domain > 1 ? tree_correction(protocol, bytes) : 1;
  return in_chains * (protocol == Protocol::ll128 && c.nodes() > 1 ? kTreeLl128 : 1);
}

// Once filled it flows: waiting and bytes add up, by Simple too.
Course tree_course(double bytes, const Communicator& c, Protocol protocol, const Footprint& links) {
  const KernelTimes& times = c.site.facts->times;
  const RingTimes& own = times.ring[static_cast<std::size_t>(protocol)];
  const TreePart part = tree_part(bytes, c, protocol);
  Course course;
  course.bytes = bytes / c.graph.spread;
  course.startup = own.base +
                   2 * ((c.ranks_per_domain - 1) * own.tree_hop +
                        log2_floor(c.nodes()) * network_hop(times.tree_network_hop, c, protocol)) +
                   tree_fill(part.chunk, c, own);
  const double share = tree_share(bytes, c, protocol);
  const double on_wire =
      on_links(links, course.bytes, own.tree_bandwidth * share, of(kWireShare, protocol) * share * c.graph.rails);
  course.seconds = tree_flow(part, on_wire, c, protocol);
  return course;
}

// The switches work on chunks, one of each head in a step: the first step fills the
// pipeline, with every rank's, and small chunks cost more a byte. A tree between domains
// is measured to be no faster than with eight GPUs in each, and to fill by its heads.
Course nvls_course(double bytes, const Communicator& c, Algorithm algorithm, const Footprint& links) {
  const bool tree = algorithm == Algorithm::nvls_tree;
  const KernelTimes& times = c.site.facts->times;
  const NvlsTimes& own = tree ? times.nvls_tree : times.nvls;
  const double chunk = nvls_chunk(c.graph, c.nodes(), bytes, tree) / kKiB;
  const double each_way = 1 + 1.0 / (tree ? std::min(c.ranks_per_domain, 8) : c.graph.heads);
  Course course;
  course.bytes = bytes / c.graph.nvls_channels;
  const double switches = bytes * each_way / bytes_per_second(c, own.bandwidth) * (1 + own.chunk / chunk);
  course.seconds = std::max(switches, on_links(links, course.bytes, 1, 1));
  const int levels = c.nodes() == 1 ? 0 : tree ? 2 * log2_floor(c.nodes()) : 1;
  course.startup = own.base + own.fill * chunk * (tree ? c.graph.heads : c.ranks_per_domain) / 8 +
                   levels * network_hop(times.tree_network_hop, c, Protocol::simple);
  return course;
}

// F17: inside a node all GPUs pass the heads their parts at once (0.4 us each, one after the other), or a chain does;
// between nodes one trip up to the root of the switches and one down. Nobody measured it: NCCL's constants.
Course collnet_course(double bytes, const Communicator& c, Algorithm algorithm, const Footprint& links) {
  constexpr double kArity = 0.4;
  const AlgorithmLatency& nccl = c.site.facts->nccl.of(algorithm);
  const RingTimes& own = c.site.facts->times.ring[static_cast<std::size_t>(Protocol::simple)];
  const int others = c.ranks_per_domain - 1;
  const bool direct = algorithm == Algorithm::collnet_direct;
  const double hop = of(nccl.nvlink_hop, Protocol::simple);
  const double inside = direct ? std::min(1, others) * hop + kArity * others : others * hop;
  Course course;
  course.bytes = bytes / c.graph.spread;
  course.startup = own.base + 2 * inside + network_hop(nccl.network_hop, c, Protocol::simple);
  course.seconds = on_links(links, course.bytes, own.bandwidth, 1);
  return course;
}

Course pat_course(double bytes, const Communicator& c, const Footprint& links) {
  const KernelTimes& times = c.site.facts->times;
  const RingTimes& own = times.ring[static_cast<std::size_t>(Protocol::simple)];
  Course course;
  course.bytes = bytes / c.ranks;
  put_together(own.base,
               log2_floor(std::max(1, 2 * c.ranks - 1)) * network_hop(times.tree_network_hop, c, Protocol::simple),
               on_links(links, course.bytes, own.bandwidth, 1), false, course);
  return course;
}

}  // namespace

Traffic traffic_of(TransferKind kind, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::tree:
      return Traffic::tree;
    case Algorithm::nvls:
    case Algorithm::nvls_tree:
      return Traffic::nvls;
    case Algorithm::collnet_direct:
    case Algorithm::collnet_chain:
      return Traffic::rails;
    case Algorithm::pat:
      return Traffic::doubling;
    default:
      return kind == TransferKind::broadcast || kind == TransferKind::reduce ? Traffic::chain : Traffic::ring;
  }
}

Course collective_course(TransferKind kind, double bytes, const Communicator& c, Choice choice,
                         const Footprint& links) {
  Course course;
  int channels = c.graph.channels;
  switch (choice.algorithm) {
    case Algorithm::tree:
      course = tree_course(bytes, c, choice.protocol, links);
      break;
    case Algorithm::nvls:
    case Algorithm::nvls_tree:
      course = nvls_course(bytes, c, choice.algorithm, links);
      channels = c.graph.nvls_channels;
      break;
    case Algorithm::collnet_direct:
    case Algorithm::collnet_chain:
      course = collnet_course(bytes, c, choice.algorithm, links);
      break;
    case Algorithm::pat:
      course = pat_course(bytes, c, links);
      break;
    default:
      course = ring_course(kind, bytes, c, choice.protocol, links);
  }
  course.links = &links;
  course.method = {choice.algorithm, choice.protocol, channels};
  return course;
}

Course exchange_course(double bytes, const Communicator& c, const TrafficFootprint& links,
                       std::optional<Protocol> forced) {
  const ExchangeTimes& own = c.site.facts->times.exchange;
  const bool crosses = c.nodes() > 1;
  const int peers = c.ranks - 1;
  const ByProtocol& hops = c.site.facts->times.ring_network_hop;
  const auto hop = [&](Protocol protocol) { return crosses ? network_hop(hops, c, protocol) : 0; };
  const double message = bytes / c.ranks;

  Course ll;
  ll.bytes = message * links.parts;
  ll.startup = own.ll_base + own.ll_step * peers + hop(Protocol::ll);
  ll.seconds = message / bytes_per_second(c, own.ll_bandwidth);
  if (own.ll_links > 0)
    ll.seconds +=
        std::max(on_links(links.links, ll.bytes, own.ll_links, 0.5), on_ports(links.links, ll.bytes, own.ll_ports));
  else
    ll.seconds = std::max(ll.seconds, on_links(links.links, ll.bytes, 0.5, 0.5));

  Course simple;
  simple.bytes = ll.bytes;
  const double full = own.full > 0 && !crosses ? message / (message + own.full * kKiB * kKiB) : 0;
  simple.startup = own.base + own.step * peers + hop(Protocol::simple);
  const double on_wire = on_links(links.links, simple.bytes, own.bandwidth, 1);
  simple.seconds =
      on_wire + full * own.full_step * peers * kMicro + own_share(c, bytes, own.own_share) + ramp(own.ramp, on_wire);

  const auto total = [](const Course& course) { return course.startup * kMicro + course.seconds; };
  const double until = crosses ? kSendLlBytesPerChannel * message_channels(c.site, true) : own.ll_until * kKiB;
  const bool is_small = own.ll_until > 0 ? message <= until : total(ll) < total(simple);
  const bool by_ll = forced ? *forced == Protocol::ll : is_small;
  Course& course = by_ll ? ll : simple;
  course.links = &links.links;
  course.method = {Algorithm::pairwise, by_ll ? Protocol::ll : Protocol::simple, message_channels(c.site, crosses)};
  return course;
}

int message_channels(const Site& site, bool crosses) {
  if (site.pcie && !crosses) return kPcieSendChannels;
  return send_channels(site.generation, crosses, site.nic_rate);
}

Course message_course(double bytes, const Site& site, bool crosses, double network_latency, const Footprint& links,
                      Algorithm algorithm) {
  const KernelTimes& times = site.facts->times;
  const int channels = message_channels(site, crosses);
  const bool ll = crosses && bytes <= kSendLlBytesPerChannel * channels;
  const Protocol protocol = ll ? Protocol::ll : Protocol::simple;
  Course course;
  course.links = &links;
  course.startup = times.send_base;
  if (crosses) course.startup += of(times.ring_network_hop, protocol) + network_latency * (ll ? 1 : 2);
  course.bytes = bytes;
  course.seconds = on_links(links, bytes, times.send_bandwidth, of(kWireShare, protocol));
  course.method = {algorithm, protocol, channels};
  return course;
}

}  // namespace orrery::models
