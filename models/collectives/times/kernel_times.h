#pragma once

#include <array>

#include "models/collectives/nccl/model.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"

namespace orrery::models {

// How long NCCL's kernels really take: what is measured, in place of NCCL's own
// estimates, for one generation of GPUs. Times in microseconds; rates as shares of
// the budget of a GPU's NVLinks, so that one set serves all parts of a generation.
// The equations are in docs/collectives.md.

// A ring (or a chain) by one protocol.
struct RingTimes {
  double base = 0, hop = 0;            // one launch; one step
  double full_base = 0, full_hop = 0;  // more of both once a block of threads has all of its words to move
  double queue = 0;      // of a hop, while parts that are ahead pass: none where one part goes round alone
  double bandwidth = 1;  // of the links
  double ports = 1;      // of what root ports let pass between GPUs without NVLink, and no more than of other wires
  double channel = 0;    // at most, of one channel; 0: no such bound
  double own_share = 1;  // at which a rank's own share passes the kernel
  double own_copy = 1;   // the same where nothing is reduced
  double ramp = 0;       // times the root of the links' time
  double tree_hop = 0;   // one step of a tree's chain
  double tree_bandwidth = 1;  // of the links in a tree, whose ranks pass on what goes up and what comes down
  double tree_channel = 0;    // at which one channel of a tree fills; 0: as one of as many as rings have
};

// All-reduce in the NVLink switches.
struct NvlsTimes {
  double base = 0;
  double fill = 0;       // a KiB of chunk: the pipeline fills with the first
  double bandwidth = 1;  // of the links, by chunks without end
  double chunk = 0;      // KiB: a chunk as small as this runs at half of it
};

// Messages between all pairs; LL where it is faster, or up to a size of the message.
struct ExchangeTimes {
  double ll_base = 0, ll_step = 0, ll_bandwidth = 0;  // one peer's message goes at ll_bandwidth
  double ll_links = 0, ll_until = 0;                  // and all of them at ll_links; KiB; 0: where it is faster
  double ll_ports = 0.5;                              // and at this share of what root ports let pass
  double base = 0, step = 0, bandwidth = 1, own_share = 1, ramp = 0;
  double full_step = 0, full = 0;  // more of a step where its message is large; MiB at which it is half
};

struct KernelTimes {
  std::array<RingTimes, kProtocols> ring;
  NvlsTimes nvls, nvls_tree;
  ExchangeTimes exchange;
  double int8_share = 1e4;  // a rank's own share once more, where bytes are summed; without a measurement nothing
  double int8_channel = 0;  // at most, by Simple: of one channel that sums bytes; 0: no such bound
  double send_base = 0, send_bandwidth = 1;
  // Between nodes, one hop, without the network's own latency.
  ByProtocol ring_network_hop{}, tree_network_hop{};
};

// hardware/collectives/<generation>.yaml, of this version of NCCL (empty: the newest); of GPUs that PCIe alone joins
// <generation>-pcie.yaml, whose rates are shares of what a GPU's PCIe link carries.
Result<KernelTimes> read_kernel_times(const SearchPath& path, Generation generation, const std::string& nccl = "",
                                      bool pcie = false);

}  // namespace orrery::models
