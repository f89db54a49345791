#include "models/collectives/nccl_constants.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

namespace orrery::models {
namespace {

constexpr double kTreeCorrection[kProtocols][24] = {
    {1, 1, 1, 1, .9, .8, .7, .7, .7, .7, .6, .5, .4, .4, .5, .6, .7, .8, .9, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, .9, .8, .8, .8, .7, .6, .6, .6, .6, .6, .6, .8, .9, .9, .9, .9, 1, 1, 1},
    {.9, .9, .9, .9, .9, .9, .9, .8, .7, .6, .6, .5, .5, .5, .5, .6, .7, .8, .7, .7, .8, .9, .9, .9}};

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

std::span<const double> inter_speeds(Generation g) {
  if (g == Generation::blackwell) return kInter100;
  if (g == Generation::hopper) return kInter90;
  return kInter80;
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

constexpr int kMostChannels = 64;

}  // namespace

Generation generation_of(const topology::GpuSpec& gpu) {
  if (gpu.compute_capability >= 100) return Generation::blackwell;
  if (gpu.compute_capability >= 90) return Generation::hopper;
  return gpu.compute_capability >= 80 ? Generation::ampere : Generation::volta;
}

namespace {

NcclModel make_nccl_model(Generation generation, bool amd_host) {
  NcclModel m{};
  m.tree_base = {6.8, 14, 8.4}, m.ring_base = {6.6, 14, 8.4};
  m.tree_nvlink = {0.6, 1.25, 4.0}, m.ring_nvlink = {0.6, 1.9, 3.4};
  m.tree_network = {5.0, 8.5, 14}, m.ring_network = {2.7, 4.0, 14};
  m.ll_max_two_nodes = amd_host ? 22.5 : 39;
  m.ll_max_nodes = amd_host ? 19 : 20.4;
  m.large_ring_latency = generation == Generation::volta ? 1.9 : 1.4;
  switch (generation) {
    case Generation::volta:
      m.ll_max_one_node = 39;
      m.ring_ll128 = m.tree_ll128 = {20, 20, 20};
      m.tree_simple = {26.5, 18.5, 10};
      break;
    case Generation::ampere:
      m.ll_max_one_node = 87.7;
      m.ring_ll128 = m.tree_ll128 = {20, 20, 20};
      m.tree_simple = {24, 23.6, 17.8};
      break;
    case Generation::hopper:
      m.ll_max_one_node = 141;
      m.ring_ll128 = {36.7, 36.7, 36.7}, m.tree_ll128 = {36.7, 36.7, 29};
      m.tree_simple = {38.7, 41.4, 36};
      break;
    case Generation::blackwell:
      m.ll_max_one_node = 282;
      m.ring_ll128 = {40, 40, 40}, m.tree_ll128 = {55.6, 31.67, 20};
      m.tree_simple = {70, 42.8, 24};
      break;
  }
  return m;
}

}  // namespace

// Asked for each estimate of each plan, so all of them are made once.
const NcclModel& nccl_model(Generation generation, bool amd_host) {
  static const std::array<std::array<NcclModel, 2>, 4> all = [] {
    std::array<std::array<NcclModel, 2>, 4> models{};
    for (const Generation g : {Generation::volta, Generation::ampere, Generation::hopper, Generation::blackwell})
      for (const bool amd : {false, true}) models[static_cast<std::size_t>(g)][amd] = make_nccl_model(g, amd);
    return models;
  }();
  return all[static_cast<std::size_t>(generation)][amd_host];
}

double tree_correction(Protocol protocol, double bytes) {
  const int index = bytes < 128 ? 0 : std::min(23, std::ilogb(bytes / 64));
  return kTreeCorrection[static_cast<int>(protocol)][index];
}

const Measured& measured(Generation generation) {
  // Volta has no public sweep: Ampere's constants stand in. own_share_reduced and
  // send_base of Ampere and Blackwell are the least certain: few rows bear on them.
  static const Measured ampere{.base = {9.7, 14.2, 25.0},
                               .hop = {0.84, 1.2, 6.35},
                               .efficiency = {0.27, 0.63, 0.911},
                               .own_share = 452,
                               .own_share_reduced = 900,
                               .exchange_base = {11.9, 28.8},
                               .exchange_step = {0.21, 0.22},
                               .exchange_efficiency = {0.28, 0.85},
                               .exchange_own_share = 680,
                               .send_base = 12};
  static const Measured hopper{.base = {5.3, 12.4, 15.5},
                               .hop = {0.82, 1.1, 1.75},
                               .efficiency = {0.46, 0.805, 0.965},
                               .own_share = 690,
                               .own_share_reduced = 1400,
                               .exchange_base = {7.5, 21.0},
                               .exchange_step = {0.52, 0.25},
                               .exchange_efficiency = {0.45, 0.855},
                               .exchange_own_share = 2500,
                               .send_base = 6};
  static const Measured blackwell{.base = {8.3, 13.0, 17.5},
                                  .hop = {1.25, 1.5, 5.0},
                                  .efficiency = {0.36, 0.70, 0.945},
                                  .own_share = 1300,
                                  .own_share_reduced = 1300,
                                  .exchange_base = {10.2, 15.5},
                                  .exchange_step = {0.2, 0.47},
                                  .exchange_efficiency = {0.25, 0.845},
                                  .exchange_own_share = 720,
                                  .send_base = 9};
  switch (generation) {
    case Generation::volta:
    case Generation::ampere:
      return ampere;
    case Generation::hopper:
      return hopper;
    case Generation::blackwell:
      return blackwell;
  }
  return hopper;
}

ChannelGraph channel_graph(Generation generation, double nvlink_budget, int nodes, int ranks_per_node, int nics,
                           double nic) {
  // Every search channel becomes two compute channels of half its speed.
  if (nodes == 1) {
    const int channels = single_node_channels(generation);
    const double speed = fastest(intra_speeds(generation), nvlink_budget / channels);
    return {2 * channels, speed / 2, speed / 2};
  }
  int channels = std::max(1, nics);
  const double nvlink_share = ranks_per_node > 1 ? nvlink_budget / channels : nic;
  double speed = fastest(inter_speeds(generation), std::min(nic, nvlink_share));
  // Over two nodes a tree sends half of what a ring does, so the search lets its
  // speed inside a node rise to twice that between them, short of filling the
  // NVLinks (2 x 8 A100 with 8 x 200 Gb/s are measured to run rings).
  const double tree_speed =
      nodes == 2 ? fastest(inter_speeds(generation), std::min(2 * speed, 0.99 * nvlink_share)) / speed : 1.0;
  const bool hopper_on = generation == Generation::hopper || generation == Generation::blackwell;
  if (speed >= 25 && !(hopper_on && speed < 50 && channels > 4)) channels *= 2, speed /= 2;
  int copies = 2;
  if (hopper_on && speed > 45 && copies * channels < 16) copies *= 2;
  channels = std::min(channels * copies, kMostChannels);
  return {channels, speed / copies, tree_speed * speed / copies};
}

int send_channels(Generation generation, bool crosses_network, double nic) {
  if (crosses_network)
    return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(2.0, std::ceil(nic / 14)))));
  // Links of a GPU: NVLink 2 has 6, NVLink 3 has 12, later ones 18.
  const unsigned links = generation == Generation::volta ? 6 : generation == Generation::ampere ? 12 : 18;
  return static_cast<int>(std::bit_floor(2 * links));
}

}  // namespace orrery::models
