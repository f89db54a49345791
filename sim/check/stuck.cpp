// What an untimed run that stopped has to say: who waits for whom.
#include <algorithm>

#include "sim/check/untimed_run.h"

namespace orrery::sim {

void UntimedRun::report_sizes(const StreamState& s, OpIndex op, Bytes bytes, const Post& other) {
  const StreamState& theirs = streams_[other.stream];
  faults_.add([&] {
    return name_of(workload_, s.rank) + ": " + name_of(program_of(s.rank), s.index, op) + " moves " +
           std::to_string(bytes.n) + " bytes, but meets " + name_of(program_of(theirs.rank), theirs.index, other.op) +
           " of " + name_of(workload_, theirs.rank) + ", which moves " + std::to_string(other.bytes.n);
  });
}

void UntimedRun::report_if_stuck() {
  const auto stuck =
      std::find_if(streams_.begin(), streams_.end(), [this](const StreamState& s) { return !finished(s); });
  if (stuck == streams_.end()) return;
  // From anyone who stands still the chain of who waits for whom runs into a circle.
  std::vector<std::uint32_t> chain;
  auto at = static_cast<std::uint32_t>(stuck - streams_.begin());
  while (at != kNone && std::find(chain.begin(), chain.end(), at) == chain.end()) {
    chain.push_back(at);
    at = waits_on(streams_[at]);
  }
  if (at != kNone) chain.erase(chain.begin(), std::find(chain.begin(), chain.end(), at));
  faults_.add([&] { return told(chain, at != kNone); });
}

OpIndex UntimedRun::culprit(const StreamState& s) const {
  OpIndex op = position(s);
  if (!is_pair(ops(s)[op].kind)) return op;
  const OpIndex end = end_of_group(ops(s), op);
  const std::uint32_t number = first_stream_[s.rank] + s.index;
  for (OpIndex i = op; i < end; ++i) {
    if (!s.posted && !is_met(s, ops(s)[i])) return i;
    if (!s.posted || !is_pair(ops(s)[i].kind)) continue;
    const auto& posts = channels_[channel(s, ops(s)[i])].posts;
    if (std::any_of(posts.begin(), posts.end(), [&](const Post& p) { return p.stream == number && p.op == i; }))
      return i;
  }
  return op;
}

std::uint32_t UntimedRun::waits_on(const StreamState& s) const {
  const Op& op = ops(s)[culprit(s)];
  if (!s.posted) return first_stream_[s.rank] + op.after_stream;
  if (op.kind == OpKind::collective) return first_absent(s, op);
  const RankId peer = peer_of(s, op);
  for (std::size_t i = 0; i < program_of(peer).streams.size(); ++i) {
    const StreamState& theirs = streams_[first_stream_[peer] + i];
    if (!finished(theirs) && still_meets(theirs, op.kind == OpKind::send, channel(s, op))) {
      return first_stream_[peer] + static_cast<std::uint32_t>(i);
    }
  }
  return kNone;
}

RankId UntimedRun::peer_of(const StreamState& s, const Op& op) const {
  const Transfer& transfer = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)];
  return workload_.peer_roles[transfer.role].peer_of[s.rank];
}

bool UntimedRun::still_meets(const StreamState& theirs, bool with_receive, std::uint32_t channel_number) const {
  const auto& all = ops(theirs);
  return std::any_of(all.begin() + position(theirs), all.end(), [&](const Op& op) {
    return op.kind == (with_receive ? OpKind::receive : OpKind::send) && channel(theirs, op) == channel_number;
  });
}

std::uint32_t UntimedRun::first_absent(const StreamState& s, const Op& op) const {
  const Group& all = group(s, op);
  for (const RankId member : all.members) {
    const StreamState& theirs = streams_[first_stream_[member] + s.index];
    const bool there = !finished(theirs) && theirs.posted && ops(theirs)[position(theirs)].kind == OpKind::collective &&
                       &group(theirs, ops(theirs)[position(theirs)]) == &all;
    if (!there) return first_stream_[member] + s.index;
  }
  return kNone;
}

std::string UntimedRun::told(const std::vector<std::uint32_t>& chain, bool closes) const {
  constexpr std::size_t kMostLinks = 12;
  std::string text = "the run cannot end: ";
  for (std::size_t i = 0; i < std::min(chain.size(), kMostLinks); ++i) text += link_of(streams_[chain[i]], i == 0);
  if (chain.size() > kMostLinks) text += ", and so on over " + std::to_string(chain.size() - kMostLinks) + " more";
  if (closes) text += ", where the chain began";
  return text;
}

// "rank 3 (stage 3) waits for receive 'F3.0' (op 12 of stream pp) from rank 2 (stage 2)",
// and from the second on ", which waits for …".
std::string UntimedRun::link_of(const StreamState& s, bool first) const {
  const OpIndex at = culprit(s);
  const Op& op = ops(s)[at];
  const std::string text = first ? name_of(workload_, s.rank) + " waits for " : ", which waits for ";
  if (!s.posted) return text + "its own " + name_of(program_of(s.rank), op.after_stream, op.after);
  const std::string place = text + name_of(program_of(s.rank), s.index, at);
  if (op.kind == OpKind::send) return place + " to " + name_of(workload_, peer_of(s, op));
  if (op.kind == OpKind::receive) return place + " from " + name_of(workload_, peer_of(s, op));
  const std::uint32_t absent = first_absent(s, op);
  return absent == kNone ? place : place + " with " + name_of(workload_, streams_[absent].rank);
}

}  // namespace orrery::sim
