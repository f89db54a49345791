#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/compute/calibration/calibration.h"
#include "validate/device.h"
#include "validate/transport/transport.h"

namespace orrery::validate {

// Processes that measure together must decide alike (go on, do again), or one of
// them waits for ever in a collective: what they decide by is agreed on first.
class Agreement {
 public:
  virtual ~Agreement() = default;
  virtual double largest(double mine) = 0;  // over all processes
  virtual double mean(double mine) = 0;
};

struct BenchOptions {
  std::vector<RankId> ranks;       // that take part, in all processes
  std::vector<RankId> local;       // those of this process
  std::vector<int> node_of;        // by place in `ranks`; empty: all on one node
  std::uint64_t seed = 1;          // of the order in which things are timed
  Agreement* agreement = nullptr;  // none: this process is alone
  std::function<double()> clock;   // seconds; none: the device's own time, which a stand-in has only
  const std::atomic<bool>* stop = nullptr;
  std::function<std::map<std::string, models::Interval>()> conditions;  // clocks, power… since it was last asked
};

// A transfer that all ranks do at the same time, in groups of equal size as
// tensor-parallel groups are: consecutive ranks together.
struct GroupedTransfer {
  sim::TransferKind kind = sim::TransferKind::all_reduce;
  Bytes bytes;
  std::vector<std::vector<RankId>> groups;
};

// Seconds a launch of a kernel and of a transfer that ran at the same time.
struct Beside {
  double kernel = 0, transfer = 0;
};

// What probes share: streams, and batches between two events. A kernel is timed on all
// GPUs at once and takes their mean, a transfer takes as long as the slowest of its
// ranks, as in nccl-tests. A batch waits behind a kernel that only delays, so that what
// is timed is queued by then and no gap of the host's is in it.
//
// After a fault of the device every time is 0; faults() says which.
class Bench {
 public:
  Bench(Device& device, Transport& transport, BenchOptions options);

  // From here on ops are marked as of this block.
  void begin_block(std::uint32_t number);

  bool can_run(const models::Kernel& kernel) const { return device_.can_run(kernel); }
  // One of `launches` in a row.
  double kernel(const models::Kernel& kernel, int launches, bool held = true);
  // All of them, each behind the one before.
  double sequence(const std::vector<models::Kernel>& kernels);
  double transfer(const GroupedTransfer& transfer, int launches);
  Beside beside(const models::Kernel& kernel, int launches, const GroupedTransfer& transfer, int transfers);
  // Two events with nothing between them; a wait for another stream's event, each after `kernel`.
  double event_gap();
  double dependency(const models::Kernel& kernel, int hops);
  // The host's share of a launch; 0 where the clock is the device's.
  double issue(const models::Kernel& kernel, int launches);

  // How many in a row are worth timing, if one takes so long.
  static int launches_for(double seconds, double batch);

  double seconds() const;  // that have passed, by options.clock
  double agreed(double mine) const { return options_.agreement ? options_.agreement->largest(mine) : mine; }
  bool stopped() const;
  bool ok() const { return faults_.empty() && !device_.failed(); }
  const Errors& faults() const { return faults_; }
  bool is_leader() const;
  const BenchOptions& options() const { return options_; }

  // Consecutive ranks in groups of `size`; those left over stay out.
  std::vector<std::vector<RankId>> groups_of(std::size_t size) const;
  int nodes_of(const std::vector<RankId>& group) const;

 private:
  struct Lane {  // of a local rank
    RankId rank;
    StreamHandle compute = 0, transfers = 0;
  };
  struct Batch {  // of a lane
    EventHandle begin = 0, end = 0;
  };

  Place place(const Lane& lane, sim::StreamIndex stream);
  // Before anything is timed: what was timed before has been read.
  void begin() { device_.forget_events(); }
  void hold(const Lane& lane, int launches);
  void launch(const Lane& lane, const models::Kernel& kernel, int launches);
  void exchange(const GroupedTransfer& transfer);
  const Lane* lane_of(RankId rank) const;
  // Of each lane, seconds of one of `launches`; zeros after a fault.
  std::vector<double> times(const std::vector<Batch>& batches, int launches);
  double mean(const std::vector<Batch>& batches, int launches);
  double longest(const std::vector<Batch>& batches, int launches);
  bool synchronize();

  Device& device_;
  Transport& transport_;
  BenchOptions options_;
  std::vector<Lane> lanes_;
  Errors faults_;
  std::uint32_t block_ = 0;
  sim::OpIndex next_op_ = 0;
  Time latest_;  // of the device's, for a clock
};

}  // namespace orrery::validate
