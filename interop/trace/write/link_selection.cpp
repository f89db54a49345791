#include "interop/trace/write/link_selection.h"

namespace orrery::interop {
namespace {

class Selection {
 public:
  explicit Selection(const sim::Workload& workload) : workload_(workload), used_(workload.links.size(), false) {}

  void add_rank(RankId rank) {
    const sim::Program& program = workload_.programs[workload_.program_of[rank]];
    for (const sim::Stream& stream : program.streams)
      for (const sim::Op& op : stream.ops) add_op(rank, program, op);
  }
  std::vector<bool> take() { return std::move(used_); }

 private:
  void add_op(RankId rank, const sim::Program& program, const sim::Op& op) {
    const auto transfer = [&]() -> const sim::Transfer& {
      return program.transfers[static_cast<std::size_t>(op.payload)];
    };
    switch (op.kind) {
      case sim::OpKind::collective:
        return add_collective(rank, transfer());
      case sim::OpKind::send:
        return add_pair(rank, peer(rank, transfer()), transfer());
      case sim::OpKind::receive:
        return add_pair(peer(rank, transfer()), rank, transfer());
      case sim::OpKind::copy:
        return add(transfer(), std::vector{rank});
      default:
        return;
    }
  }

  void add_collective(RankId rank, const sim::Transfer& transfer) {
    if (transfer.role >= workload_.group_roles.size()) return;
    const auto& group_of = workload_.group_roles[transfer.role].group_of;
    if (rank.value >= group_of.size() || group_of[rank].is_none()) return;
    add(transfer, workload_.groups[group_of[rank]].members);
  }

  RankId peer(RankId rank, const sim::Transfer& transfer) const {
    if (transfer.role >= workload_.peer_roles.size()) return RankId::none();
    const auto& peer_of = workload_.peer_roles[transfer.role].peer_of;
    return rank.value < peer_of.size() ? peer_of[rank] : RankId::none();
  }

  void add_pair(RankId from, RankId to, const sim::Transfer& transfer) {
    if (!from.is_none() && !to.is_none()) add(transfer, std::vector{from, to});
  }

  void add(const sim::Transfer& transfer, std::span<const RankId> ranks) {
    for (const sim::Phase& phase : workload_.planner->plan({transfer.kind, ranks, transfer.bytes}).phases) {
      if (!phase.uses) continue;
      for (const sim::LinkUse& use : *phase.uses) used_[use.link.value] = true;
    }
  }

  const sim::Workload& workload_;
  std::vector<bool> used_;
};

}  // namespace

std::vector<bool> links_used_by(const sim::Workload& workload, std::span<const RankId> ranks) {
  if (!workload.planner) return std::vector<bool>(workload.links.size(), true);
  Selection selection(workload);
  for (const RankId rank : ranks) selection.add_rank(rank);
  return selection.take();
}

}  // namespace orrery::interop
