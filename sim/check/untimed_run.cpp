#include "sim/check/untimed_run.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace orrery::sim {

namespace {

Stops stops_of(const std::vector<Op>& ops) {
  Stops stops{.first = {}, .ops = static_cast<OpIndex>(ops.size())};
  for (OpIndex i = 0; i < ops.size(); ++i) {
    const bool meets = ops[i].kind == OpKind::collective || is_pair(ops[i].kind);
    if (!meets && !ops[i].waits()) continue;
    stops.first.push_back(i);
    if (meets && is_pair(ops[i].kind)) i = end_of_group(ops, i) - 1;
  }
  return stops;
}

}  // namespace

UntimedRun::UntimedRun(const Workload& workload, Faults& faults) : workload_(workload), faults_(faults) {
  number_streams();
  number_channels();
  arrived_.assign(workload.groups.size() * most_streams_, 0);
}

void UntimedRun::run() {
  for (std::uint32_t s = static_cast<std::uint32_t>(streams_.size()); s-- > 0;) ready_.push_back(s);
  while (!ready_.empty()) {
    const std::uint32_t stream = ready_.back();
    ready_.pop_back();
    advance(stream);
  }
  report_if_stuck();
}

void UntimedRun::number_streams() {
  bool looks_back = false;
  for (const Program& program : workload_.programs) {
    std::vector<Stops> of_program;
    for (const Stream& stream : program.streams) {
      of_program.push_back(stops_of(stream.ops));
      for (const Op& op : stream.ops) looks_back |= op.waits() && op.on_previous_step();
    }
    most_streams_ = std::max(most_streams_, program.streams.size());
    stops_.add(std::move(of_program));
  }
  steps_ = looks_back && workload_.steps > 1 ? 2 : 1;
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    first_stream_.add(static_cast<std::uint32_t>(streams_.size()));
    for (std::size_t s = 0; s < program_of({r}).streams.size(); ++s) {
      streams_.push_back({.rank = {r}, .index = static_cast<StreamIndex>(s)});
    }
  }
}

// A channel is a sender, a receiver and a tag; each rank finds it by its transfer.
void UntimedRun::number_channels() {
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
  std::vector<std::pair<Key, std::uint32_t>> uses;  // with the place in channel_of_
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    const auto& transfers = program_of({r}).transfers;
    first_transfer_.add(static_cast<std::uint32_t>(channel_of_.size()));
    for (const Transfer& transfer : transfers) {
      const auto at = static_cast<std::uint32_t>(channel_of_.size());
      channel_of_.insert(channel_of_.end(), 2, kNone);
      if (transfer.kind != TransferKind::point_to_point || transfer.role >= workload_.peer_roles.size()) continue;
      const std::uint32_t peer = workload_.peer_roles[transfer.role].peer_of[RankId{r}].value;
      uses.push_back({Key{r, peer, transfer.tag}, at + 1});
      uses.push_back({Key{peer, r, transfer.tag}, at});
    }
  }
  std::sort(uses.begin(), uses.end());
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (i == 0 || uses[i].first != uses[i - 1].first) channels_.emplace_back();
    channel_of_[uses[i].second] = static_cast<std::uint32_t>(channels_.size() - 1);
  }
}

std::uint32_t UntimedRun::channel(const StreamState& s, const Op& op) const {
  return channel_of_[first_transfer_[s.rank] + 2 * static_cast<std::size_t>(op.payload) +
                     (op.kind == OpKind::send ? 1 : 0)];
}

std::uint32_t& UntimedRun::arrived(const StreamState& s, const Op& op) {
  const GroupRole role = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)].role;
  return arrived_[workload_.group_roles[role].group_of[s.rank].value * most_streams_ + s.index];
}

const Group& UntimedRun::group(const StreamState& s, const Op& op) const {
  const GroupRole role = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)].role;
  return workload_.groups[workload_.group_roles[role].group_of[s.rank]];
}

OpIndex UntimedRun::position(const StreamState& s) const {
  return s.stop < stops(s).first.size() ? stops(s).first[s.stop] : stops(s).ops;
}

std::uint64_t UntimedRun::done(const StreamState& s) const {
  if (finished(s)) return std::uint64_t{s.step} * stops(s).ops;
  return std::uint64_t{s.step} * stops(s).ops + position(s);
}

bool UntimedRun::is_met(const StreamState& s, const Op& op) const {
  if (!op.waits() || (op.on_previous_step() && s.step == 0)) return true;
  const StreamState& other = streams_[first_stream_[s.rank] + op.after_stream];
  const std::uint64_t step = s.step - (op.on_previous_step() ? 1 : 0);
  return done(other) > step * stops(other).ops + op.after;
}

void UntimedRun::advance(std::uint32_t number) {
  StreamState& s = streams_[number];
  const std::uint64_t before = done(s);
  s.waits_for = kNoStream;
  while (!finished(s) && pass(number)) {
    s.posted = false;
    ++s.stop;
    if (s.stop >= stops(s).first.size()) {
      ++s.step;
      s.stop = 0;
    }
  }
  if (done(s) != before) wake(s);
}

void UntimedRun::wake(const StreamState& moved) {
  const std::uint32_t first = first_stream_[moved.rank];
  const std::size_t count = program_of(moved.rank).streams.size();
  for (std::uint32_t s = first; s < first + count; ++s) {
    if (streams_[s].waits_for == moved.index) ready_.push_back(s);
  }
}

bool UntimedRun::pass(std::uint32_t number) {
  StreamState& s = streams_[number];
  if (stops(s).first.empty()) return true;
  if (s.posted) return s.open == 0;
  const auto& all = ops(s);
  const OpIndex first = position(s);
  const OpIndex end = is_pair(all[first].kind) ? end_of_group(all, first) : first + 1;
  for (OpIndex i = first; i < end; ++i) {
    if (is_met(s, all[i])) continue;
    s.waits_for = all[i].after_stream;
    return false;
  }
  s.posted = true;
  s.open = 0;
  if (all[first].kind == OpKind::collective) return arrive(number, all[first]);
  if (!is_pair(all[first].kind)) return true;
  s.open = static_cast<std::uint32_t>(
      std::count_if(all.begin() + first, all.begin() + end, [](const Op& op) { return is_pair(op.kind); }));
  for (OpIndex i = first; i < end; ++i) {
    if (is_pair(all[i].kind)) post(number, all[i], i);
  }
  return s.open == 0;
}

bool UntimedRun::arrive(std::uint32_t number, const Op& op) {
  StreamState& s = streams_[number];
  std::uint32_t& count = arrived(s, op);
  s.open = 1;
  if (++count < group(s, op).members.size()) return false;
  count = 0;
  for (const RankId member : group(s, op).members) {
    const std::uint32_t theirs = first_stream_[member] + s.index;
    streams_[theirs].open = 0;
    if (theirs != number) ready_.push_back(theirs);
  }
  return true;
}

void UntimedRun::post(std::uint32_t number, const Op& op, OpIndex index) {
  StreamState& s = streams_[number];
  Channel& at = channels_[channel(s, op)];
  const bool sends = op.kind == OpKind::send;
  const Bytes bytes = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)].bytes;
  if (at.posts.empty() || at.sends == sends) {
    at.sends = sends;
    at.posts.push_back({number, bytes, index});
    return;
  }
  const Post other = at.posts.front();
  at.posts.erase(at.posts.begin());
  if (other.bytes != bytes) report_sizes(s, index, bytes, other);
  --s.open;
  if (--streams_[other.stream].open == 0) ready_.push_back(other.stream);
}

void check_waits(const Workload& workload, Faults& faults) {
  UntimedRun(workload, faults).run();
}

}  // namespace orrery::sim
