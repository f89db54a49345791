#include "sim/coalesce/used_transfers.h"

#include <algorithm>

namespace orrery::sim {
namespace {

class Distinct {
 public:
  explicit Distinct(const Program& program) : seen_(program.transfers.size(), 0) {}

  void add(std::span<const Op> ops) {
    for (const Op& op : ops) {
      if (!is_transfer(op.kind)) continue;
      std::uint8_t& uses = seen_[static_cast<std::size_t>(op.payload)];
      const auto use = static_cast<std::uint8_t>(1u << static_cast<unsigned>(op.kind));
      if ((uses & use) == 0) ops_.push_back(op);
      uses |= use;
    }
  }
  std::vector<Op> take() { return std::move(ops_); }

 private:
  std::vector<std::uint8_t> seen_;  // by transfer, a bit a kind
  std::vector<Op> ops_;
};

}  // namespace

ProgramTransfers UsedTransfers::of(const Program& program) {
  ProgramTransfers uses;
  uses.calls.resize(program.blocks.size());
  Distinct distinct(program);
  const std::span<const Op> main = program.streams.empty() ? std::span<const Op>() : program.streams[kMainStream].ops;
  for (OpIndex i = 0; i < main.size(); ++i) {
    if (main[i].kind == OpKind::call) ++uses.calls[program.call_of(main[i]).block];
    if (main[i].kind == OpKind::collective) uses.collectives.push_back(i);
  }
  for (const Stream& stream : program.streams) distinct.add(stream.ops);
  for (const Block& block : program.blocks) distinct.add(in_block(program, block));
  uses.transfers = distinct.take();
  return uses;
}

std::span<const Op> UsedTransfers::in_block(const Program& program, const Block& block) {
  const auto at = std::ranges::find(known_, block.ops.data(), &Known::block);
  if (at != known_.end()) return at->transfers;
  Distinct distinct(program);
  distinct.add(block.ops);
  return known_.emplace_back(Known{block.ops.data(), distinct.take()}).transfers;
}

}  // namespace orrery::sim
