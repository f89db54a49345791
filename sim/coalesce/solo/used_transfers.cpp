#include "sim/coalesce/solo/used_transfers.h"

#include <algorithm>
#include <span>

namespace orrery::sim {
namespace {

std::size_t transfer_of(const Op& op) {
  return static_cast<std::size_t>(op.payload);
}

class Distinct {
 public:
  explicit Distinct(const Program& program) : seen_(program.transfers.size(), 0) {}

  void add(const Op& op) {
    if (!is_transfer(op.kind)) return;
    std::uint8_t& uses = seen_[transfer_of(op)];
    const auto use = static_cast<std::uint8_t>(1u << static_cast<unsigned>(op.kind));
    if ((uses & use) == 0) ops_.push_back(op);
    uses |= use;
  }
  std::vector<Op> take() { return std::move(ops_); }

 private:
  std::vector<std::uint8_t> seen_;  // by transfer, a bit a kind
  std::vector<Op> ops_;
};

}  // namespace

std::shared_ptr<const ProgramTransfers> UsedTransfers::of(const Program& program) {
  auto uses = std::make_shared<ProgramTransfers>();
  uses->calls.resize(program.blocks.size());
  uses->called.resize(program.transfers.size());
  uses->in_blocks.resize(program.transfers.size());
  Distinct distinct(program);
  const std::span<const Op> main = program.streams.empty() ? std::span<const Op>() : program.streams[kMainStream].ops;
  for (OpIndex i = 0; i < main.size(); ++i) {
    if (main[i].kind == OpKind::call) ++uses->calls[program.call_of(main[i]).block];
    if (main[i].kind == OpKind::collective) uses->collectives.push_back(i);
  }
  for (const Stream& stream : program.streams)
    for (const Op& op : stream.ops) distinct.add(op);
  for (std::size_t b = 0; b < program.blocks.size(); ++b) {
    for (const InBlock& in : in_block(program.blocks[b])) {
      distinct.add(in.op);
      if (in.op.kind != OpKind::collective) continue;
      uses->called[transfer_of(in.op)] += in.times * uses->calls[b];
      uses->in_blocks[transfer_of(in.op)] = true;
    }
  }
  uses->transfers = distinct.take();
  return uses;
}

const std::vector<UsedTransfers::InBlock>& UsedTransfers::in_block(const Block& block) {
  const auto at = std::ranges::find(known_, block.ops.data(), &Known::block);
  if (at != known_.end()) return at->transfers;
  Known& known = known_.emplace_back();
  known.block = block.ops.data();
  for (const Op& op : block.ops) {
    if (!is_transfer(op.kind)) continue;
    const auto same = std::ranges::find_if(
        known.transfers, [&](const InBlock& in) { return in.op.kind == op.kind && in.op.payload == op.payload; });
    if (same == known.transfers.end())
      known.transfers.push_back({op, 1});
    else
      ++same->times;
  }
  return known.transfers;
}

}  // namespace orrery::sim
