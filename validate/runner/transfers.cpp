// Who meets whom: ops enter meetings as in the simulator, and a meeting becomes
// an exchange when all of its participants in this process are there.
#include <algorithm>

#include "validate/runner/impl.h"

namespace orrery::validate {

// One past the ops that are issued together with the one at s.at.
sim::OpIndex Runner::group_end(const StreamState& s) const {
  const std::vector<sim::Op>& ops = ops_of(s);
  return sim::is_point_to_point(ops[s.at].kind) ? sim::group_end(ops, s.at) : s.at + 1;
}

// Messages of a device that minds come when what they await is over.
bool Runner::may_enter(const StreamState& s, sim::OpIndex end) {
  for (sim::OpIndex i = s.at; i < end; ++i) {
    const sim::Op& op = ops_of(s)[i];
    if (op.kind == sim::OpKind::collective || op.kind == sim::OpKind::copy) return true;
    if (!op.waits() || (op.on_previous_step() && s.step == 0)) continue;
    if (!device_.is_over(sibling(s, op.after_stream).ends[awaited(s, op)])) return false;
  }
  return true;
}

// The stream goes on when the last of its peers has come.
void Runner::enter_transfers(StreamState& s, sim::OpIndex end) {
  for (sim::OpIndex op = s.at; op < end; ++op) wait_for_awaited(s, ops_of(s)[op]);
  s.position = mark(s, end - 1);
  s.met.assign(end - s.at, kNoMeeting);
  s.open = 0;
  std::vector<std::uint32_t> complete;
  for (sim::OpIndex op = s.at; op < end; ++op) {
    if (ops_of(s)[op].kind == sim::OpKind::wait) continue;
    ++s.open;
    const std::uint32_t meeting = meetings_.enter(s.rank, s.index, ops_of(s)[op], {id_of(s), op, Time()});
    if (meeting != sim::kNone && all_local_are_in(meetings_[meeting])) complete.push_back(meeting);
  }
  if (complete.empty()) return;
  std::vector<Exchange> together;
  for (const std::uint32_t meeting : complete) {
    meetings_.begin(meeting);
    together.push_back(exchange_of(meetings_[meeting]));
  }
  transport_.exchange(together);
  for (const std::uint32_t meeting : complete) leave(meeting);
}

bool Runner::all_local_are_in(const sim::Meeting& meeting) const {
  const std::vector<RankId>& members = meetings_.members_of(meeting);
  const auto local =
      std::count_if(members.begin(), members.end(), [this](RankId rank) { return first_stream_[rank] != sim::kNone; });
  return static_cast<std::ptrdiff_t>(meeting.who.size()) >= local;
}

Exchange Runner::exchange_of(const sim::Meeting& meeting) const {
  const std::vector<RankId>& members = meetings_.members_of(meeting);
  Exchange exchange{meeting.transfer->kind, meeting.transfer->bytes, meeting.transfer->tag, members, {}, meeting.plan};
  for (const sim::Participant& who : meeting.who) {
    const StreamState& s = streams_[who.stream];
    const bool sends = ops_of(s)[who.op].kind == sim::OpKind::send;
    exchange.local.push_back({place_of(s, who.op), s.handle, s.position, sends});
  }
  return exchange;
}

// The exchange of a meeting has been enqueued.
void Runner::leave(std::uint32_t index) {
  const std::vector<sim::Participant> all = meetings_[index].who;
  meetings_.release(index);
  const auto arrived = static_cast<std::uint32_t>(arrivals_.size());
  arrivals_.emplace_back();
  for (const sim::Participant& who : all) {
    StreamState& s = streams_[who.stream];
    arrivals_.back().push_back(s.position);
    s.met[who.op - s.at] = arrived;
  }
  for (const sim::Participant& who : all)
    if (--streams_[who.stream].open == 0) finish_group(streams_[who.stream]);
}

// The stream goes on when all transfers of a group are over. Waits in the middle
// of a group come before its transfers, which start together.
void Runner::finish_group(StreamState& s) {
  const EventHandle start = s.position;
  const auto end = static_cast<sim::OpIndex>(s.at + s.met.size());
  s.position = mark(s, end - 1);
  for (sim::OpIndex op = s.at; op < end; ++op) {
    const bool waits = ops_of(s)[op].kind == sim::OpKind::wait;
    finish_op(s, {op, start, waits ? start : s.position, s.met[op - s.at]});
  }
  s.at = end;
  if (!wake_waiters(s)) ready_.push_front(id_of(s));
}

}  // namespace orrery::validate
