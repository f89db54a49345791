#include "models/collectives/nccl/channels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <span>
#include <vector>

namespace orrery::models {
namespace {

// Per-channel speeds that the search tries, GB/s (graph/search.cc).
constexpr double kIntra80[] = {40, 30, 20, 18, 15, 12, 10, 9, 7, 6, 5, 4, 3};
constexpr double kIntra90[] = {60, 50, 40, 30, 24, 20, 15, 12, 11, 6, 3};
constexpr double kIntra100[] = {90, 80, 70, 60, 50, 45, 40, 30, 24, 20, 19, 18};
constexpr double kInter80[] = {48, 30, 28, 24, 20, 18, 15, 12, 10, 9, 7, 6, 5, 4, 3, 2.4, 1.2, 0.24, 0.12};
constexpr double kInter90[] = {48, 45, 42, 40, 30, 24, 22, 20, 17.5, 15, 12, 6, 3, 2.4, 1.2, 0.24, 0.12};
constexpr double kInter100[] = {96, 86, 80, 48, 45.1, 42, 40, 30, 24, 22, 20, 17.5, 15, 12, 6, 3, 2.4, 1.2, 0.24, 0.12};

std::span<const double> intra_speeds(Generation g) {
  if (g == Generation::blackwell) return kIntra100;
  if (g == Generation::hopper) return kIntra90;
  return kIntra80;
}

using Speeds = std::vector<double>;

Speeds inter_speeds(Generation g, std::span<const double> unknown) {
  const std::span<const double> all = g == Generation::blackwell ? std::span<const double>(kInter100)
                                      : g == Generation::hopper  ? std::span<const double>(kInter90)
                                                                 : std::span<const double>(kInter80);
  Speeds known;
  std::copy_if(all.begin(), all.end(), std::back_inserter(known),
               [&](double speed) { return std::find(unknown.begin(), unknown.end(), speed) == unknown.end(); });
  return known;
}

// The fastest listed speed within `limit`, or the limit itself below the list.
double fastest(std::span<const double> speeds, double limit) {
  for (double speed : speeds)
    if (speed <= limit * (1 + 1e-9)) return speed;
  return limit;
}

// Search channels on one NVSwitch node: 12 x 20 on A100 (a public log shows the
// 24 compute channels), 12 x 30 on H100, 16 x 45 on B200.
int single_node_channels(Generation g) {
  switch (g) {
    case Generation::volta:
      return 6;
    case Generation::ampere:
    case Generation::hopper:
      return 12;
    case Generation::blackwell:
      return 16;
  }
  return 12;
}

constexpr int kMostHeads = 32;

bool has_nvls(Generation g) {
  return g == Generation::hopper || g == Generation::blackwell;
}

int nvls_channels(Generation g, int nodes) {
  if (g == Generation::hopper) return 16;
  return nodes == 1 ? 24 : 32;
}

// Each head's share of the buffer passes the links of every GPU.
void add_nvls(Generation generation, const Speeds& inter, double nvlink_budget, int nodes, int ranks_per_node,
              double nic, ChannelGraph& graph) {
  if (!has_nvls(generation)) return;
  graph.heads = std::min(ranks_per_node, kMostHeads);
  graph.nvls_channels = nvls_channels(generation, nodes);
  graph.nvls_intra = fastest(intra_speeds(generation), nvlink_budget / graph.heads);
  graph.nvls_inter = fastest(inter, std::min(nic, nvlink_budget / graph.heads));
}

struct Found {
  int channels = 1;
  double speed = 0;
};

// From the fastest on, a channel a way out of the node and as many as its NVLinks
// allow; a speed that fills 93 % of them ends the search, else the best product wins.
// A domain of 72 GPUs so leaves by 15 of its NICs.
Found search_rings(std::span<const double> speeds, double nvlink_budget, int ranks_per_node, int nics, double nic) {
  Found best;
  const double most = ranks_per_node > 1 ? nvlink_budget : nic * nics;
  for (double speed : speeds) {
    if (speed > nic * (1 + 1e-9)) continue;
    const int fit = ranks_per_node > 1 ? static_cast<int>(nvlink_budget / speed * (1 + 1e-9)) : nics;
    const int channels = std::min({nics, fit, kMostChannels / 2});
    if (channels * speed > best.channels * best.speed) best = {channels, speed};
    if (channels * speed >= 0.93 * most) break;
  }
  if (best.speed == 0) best = {nics, std::min(nic, nvlink_budget / nics)};
  return best;
}

ChannelGraph ring_graph(Generation generation, const Speeds& inter, double nvlink_budget, int nodes, int ranks_per_node,
                        int nics, double nic) {
  // Every search channel becomes two compute channels of half its speed.
  if (nodes == 1) {
    const int channels = single_node_channels(generation);
    const double speed = fastest(intra_speeds(generation), nvlink_budget / channels);
    return {.channels = 2 * channels, .speed = speed / 2, .tree_speed = speed / 2};
  }
  const Found found = search_rings(inter, nvlink_budget, ranks_per_node, std::max(1, nics), nic);
  int channels = found.channels;
  double speed = found.speed;
  // Over two nodes a tree sends half of what a ring does, so the search lets its
  // speed inside a node rise to twice that between them, short of filling the
  // NVLinks (2 x 8 A100 with 8 x 200 Gb/s are measured to run rings).
  const double nvlink_share = ranks_per_node > 1 ? nvlink_budget / channels : nic;
  const double tree_speed = nodes == 2 ? fastest(inter, std::min(2 * speed, 0.99 * nvlink_share)) / speed : 1.0;
  const bool hopper_on = generation == Generation::hopper || generation == Generation::blackwell;
  if (speed >= 25 && !(hopper_on && speed < 50 && channels > 4)) channels *= 2, speed /= 2;
  int copies = 2;
  if (hopper_on && speed > 45 && copies * channels < 16) copies *= 2;
  channels = std::min(channels * copies, kMostChannels);
  return {.channels = channels,
          .speed = speed / copies,
          .tree_speed = tree_speed * speed / copies,
          .rails = static_cast<double>(found.channels) / std::max(1, nics)};
}

}  // namespace

ChannelGraph channel_graph(Generation generation, double nvlink_budget, int nodes, int ranks_per_node, int nics,
                           double nic, std::span<const double> unknown) {
  const Speeds inter = inter_speeds(generation, unknown);
  ChannelGraph graph = ring_graph(generation, inter, nvlink_budget, nodes, ranks_per_node, nics, nic);
  add_nvls(generation, inter, nvlink_budget, nodes, ranks_per_node, nic, graph);
  // Each rank's NIC carries equally many, of both trees.
  const int per_rank = std::max(2, (graph.channels + ranks_per_node - 1) / ranks_per_node);
  graph.spread = nodes > 1 ? per_rank * ranks_per_node : graph.channels;
  return graph;
}

// One ring is found, which fills its slowest link; from 25 GB/s on two of half the speed stand for it. Each becomes two
// compute channels.
ChannelGraph pcie_graph(Generation generation, double budget) {
  const double speed = fastest(intra_speeds(generation), budget);
  const int channels = speed >= 25 ? 4 : 2;
  return {.channels = channels, .speed = speed / channels, .tree_speed = speed / channels, .spread = channels};
}

int send_channels(Generation generation, bool crosses_network, double nic) {
  if (crosses_network)
    return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(2.0, std::ceil(nic / 14)))));
  // Links of a GPU: NVLink 2 has 6, NVLink 3 has 12, later ones 18.
  const unsigned links = generation == Generation::volta ? 6 : generation == Generation::ampere ? 12 : 18;
  return static_cast<int>(std::bit_floor(2 * links));
}

int ring_channels(Generation generation) {
  return 2 * single_node_channels(generation);
}

int tree_channels(Protocol protocol, double bytes, int channels) {
  constexpr double kLeast[] = {512 * 8, 640 * 8, 512 * 64};  // threads x what each is given at least
  return std::clamp(static_cast<int>(bytes / kLeast[static_cast<int>(protocol)]), 1, channels);
}

double tree_chunk(Protocol protocol, double bytes, int channels, int nodes, int ranks_per_node, bool by_depth) {
  constexpr double kStep[] = {32768, 576000, 524288};
  double chunk = kStep[static_cast<int>(protocol)];
  // Halves it down to `least` while a channel has fewer than this many.
  const auto halve = [&](double fewer, double least) {
    while (bytes / (channels * chunk) < fewer && chunk > least) chunk /= 2;
  };
  if (protocol == Protocol::ll128) {
    const double steps = (std::bit_width(static_cast<unsigned>(nodes)) + 0.1 * ranks_per_node) / ranks_per_node;
    halve(64 * steps, 131072), halve(16 * steps, 32768);
  }
  if (protocol == Protocol::simple && by_depth) {
    const int depth = ranks_per_node - 1 + std::bit_width(static_cast<unsigned>(nodes)) - 1;
    halve(8 * depth, 131072), halve(4 * depth, 65536), halve(depth, 32768);
  }
  return chunk;
}

double nvls_chunk(const ChannelGraph& graph, int nodes, double bytes, bool tree) {
  constexpr double kKiB = 1024;
  struct Limit {
    double chunks, chunk;  // with fewer than `chunks` of each head and channel, at most `chunk`
  };
  // Of the first: 64 in enqueue.cc, but runs of 2.26 to 2.28 get faster by the largest chunk at four times that many
  // bytes.
  constexpr Limit kNvls[] = {{256, 64 * kKiB}, {8, 32 * kKiB}, {2, 16 * kKiB}};
  constexpr Limit kNvlsTree[] = {{4, 64 * kKiB}, {1, 32 * kKiB}};
  const double at_once = static_cast<double>(graph.nvls_channels) * graph.heads;
  double chunk = (tree && nodes >= 4 ? 64 : 128) * kKiB;
  for (const Limit& limit : tree ? std::span<const Limit>(kNvlsTree) : std::span<const Limit>(kNvls))
    if (bytes < limit.chunks * at_once * chunk) chunk = std::min(chunk, limit.chunk);
  return chunk;
}

}  // namespace orrery::models
