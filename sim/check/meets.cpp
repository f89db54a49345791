#include "sim/check/meets.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "sim/check/parts.h"

namespace orrery::sim {

namespace {

// The collectives of a block over one group role.
struct OfRole {
  GroupRole role = 0;
  Digest digest;
};

std::vector<OfRole> roles_of(const Program& program, const Block& block) {
  std::vector<OfRole> all;
  for (const Op& op : block.ops) {
    if (op.kind != OpKind::collective) continue;
    const Transfer& transfer = program.transfer_of(op);
    auto of = std::find_if(all.begin(), all.end(), [&](const OfRole& r) { return r.role == transfer.role; });
    if (of == all.end()) of = all.insert(of, {transfer.role, {}});
    of->digest.add(static_cast<std::uint64_t>(transfer.kind)).add(static_cast<std::uint64_t>(transfer.bytes.n));
  }
  return all;
}

class Reader {
 public:
  explicit Reader(const Program& program) : program_(program) {
    for (const Block& block : program.blocks) blocks_.push_back(roles_of(program, block));
  }

  Meets take() {
    for (std::size_t s = 0; s < program_.streams.size(); ++s) {
      const std::span<const Op> ops = program_.streams[s].ops;
      latest_ = nullptr;
      for (OpIndex i = 0; i < ops.size(); ++i) add(ops[i], {static_cast<StreamIndex>(s), i});
    }
    Meets meets;
    for (auto& [key, sum] : traffic_) meets.traffic.push_back(sum);
    for (auto& [key, sequence] : sequences_) meets.sequences.push_back(std::move(sequence));
    return meets;
  }

 private:
  void add(const Op& op, const Place& at) {
    if (op.kind == OpKind::call)
      add_call(op, at);
    else if (is_pair(op.kind))
      add_pair(op, at);
    else if (op.kind == OpKind::collective)
      add_collective(op, at);
  }

  void add_call(const Op& op, const Place& at) {
    for (const OfRole& of : blocks_[program_.call_of(op).block]) {
      Sequence& sequence = sequence_of(at.stream, of.role);
      sequence.digest.add(of.digest.value());
      sequence.ops.push_back(at.op);
    }
  }

  void add_pair(const Op& op, const Place& at) {
    const Transfer& transfer = program_.transfer_of(op);
    const bool sends = op.kind == OpKind::send;
    Traffic& sum = traffic_[{sends, transfer.role, transfer.tag}];
    if (sum.count++ == 0) sum = {transfer.role, transfer.tag, sends, 1, 0, at};
    sum.bytes += transfer.bytes.n;
  }

  void add_collective(const Op& op, const Place& at) {
    const Transfer& transfer = program_.transfer_of(op);
    if (latest_ == nullptr || latest_->role != transfer.role) latest_ = &sequence_of(at.stream, transfer.role);
    latest_->digest.add(static_cast<std::uint64_t>(transfer.kind)).add(static_cast<std::uint64_t>(transfer.bytes.n));
    latest_->ops.push_back(at.op);
  }

  Sequence& sequence_of(StreamIndex stream, GroupRole role) {
    Sequence& sequence = sequences_[{stream, role}];
    sequence.stream = stream;
    sequence.role = role;
    return sequence;
  }

  const Program& program_;
  std::vector<std::vector<OfRole>> blocks_;
  std::map<std::tuple<bool, PeerRole, std::uint16_t>, Traffic> traffic_;
  std::map<std::pair<StreamIndex, GroupRole>, Sequence> sequences_;
  Sequence* latest_ = nullptr;  // of this stream; mostly the next one too
};

}  // namespace

Meets met_in_a_step(const Program& program) {
  return Reader(program).take();
}

}  // namespace orrery::sim
