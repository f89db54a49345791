#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/coalesce/solo/used_transfers.h"
#include "sim/network/contention.h"
#include "sim/network/flow_net.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Collectives that a rank has for itself, as kernels.
//
// In a folded workload many a group has one member, which stands for all of them. It
// waits for nobody; and where nothing else can be on its links while it runs, and it
// slows nobody's kernels, it takes the same time whenever it starts. On a main stream
// such a collective is a kernel in all but name: runs go through it (coalesce.h), and
// a forward pass with its collectives is one event.
//
// Nothing else can be on its links if
//   - no other rank, no send and no copy ever loads them, and
//   - every collective of the rank's other streams that does is over before it starts,
//     or starts after it is over: the one waits for the other, over ops of the main stream.
class SoloCollectives {
 public:
  // Of each program.
  using Uses = IdVector<ProgramId, std::shared_ptr<const ProgramTransfers>>;
  static Uses uses_of(const Workload& workload);

  SoloCollectives(const Workload& workload, const Speeds& speeds, const FlowNet& network, Uses uses);

  // How long collectives of the program take that are kernels in all but name, by transfer; negative: they meet
  // others. Empty if it has none that do not. Those in calls only where all_in_calls().
  std::span<const Duration> times(ProgramId program) const { return solo_[program].times; }
  // By op of the main stream: whether it meets others all the same, or may; empty if none does.
  std::span<const char> met(ProgramId program) const { return solo_[program].met; }
  // Whether all collectives in the program's blocks are alone, wherever they are called.
  bool all_in_calls(ProgramId program) const { return solo_[program].in_calls; }

  // What they have moved over links in one step.
  void add_loads(RunResult& result) const;

 private:
  // A transfer of one rank's program, as that rank's plan has it.
  struct Alone {
    const TransferPlan* plan = nullptr;  // null: not alone
    Duration time;
    std::vector<LinkId> links;  // sorted
  };
  struct Solo {
    std::vector<Duration> times;
    std::vector<char> met;
    bool in_calls = true;
  };
  struct Load {
    LinkId link;
    Bytes bytes;
    Duration busy;
  };

  bool any_candidates() const;
  void find_owners();
  void own(const LinkUses& uses, RankId rank, bool shares);
  bool is_alone_in(RankId rank, const Op& op) const;
  const TransferPlan* plan_of(RankId rank, const Op& op) const;
  void find(ProgramId program, std::span<const RankId> ranks);
  std::vector<std::int64_t> count(ProgramId program) const;
  bool all_agree(const std::vector<Alone>& alone, std::span<const RankId> others) const;
  static std::vector<std::int64_t> pattern_of(const std::vector<Alone>& alone);
  std::vector<Alone> transfers_alone(RankId rank) const;
  Alone alone(const TransferPlan& plan, RankId rank) const;
  std::vector<char> met(const Program& program, const std::vector<Alone>& alone) const;
  void add_loads_of(RankId rank, const std::vector<std::int64_t>& uses);

  const Workload& workload_;
  const Speeds& speeds_;
  const FlowNet& network_;
  Uses uses_;
  IdVector<LinkId, std::uint32_t> owner_;  // the only rank whose collectives load a link
  IdVector<ProgramId, Solo> solo_;
  std::vector<Load> loads_;
};

}  // namespace orrery::sim
