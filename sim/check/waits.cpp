// Runs the programs without time: every stream goes as far as its dependencies
// and its partners let it, and the order in which streams are moved makes no
// difference, because whoever may go on stays able to until he does. So if this
// run ends, the timed one does too, and if it stops, those who stopped wait for
// each other, whatever the times.
//
// Between two steps only dependencies on the previous step are new, so two steps
// are enough, and one if there are none.

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/check/parts.h"

namespace orrery::sim {

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// The ops of a stream that may hold it up; all others are passed in stride.
struct Stops {
  std::vector<OpIndex> first;  // of each stop: one op, or sends and receives grouped
  OpIndex ops = 0;
};

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

class UntimedRun {
 public:
  UntimedRun(const Workload& workload, Faults& faults) : workload_(workload), faults_(faults) {
    number_streams();
    number_channels();
    arrived_.assign(workload.groups.size() * most_streams_, 0);
  }

  void run() {
    for (std::uint32_t s = static_cast<std::uint32_t>(streams_.size()); s-- > 0;) ready_.push_back(s);
    while (!ready_.empty()) {
      const std::uint32_t stream = ready_.back();
      ready_.pop_back();
      advance(stream);
    }
    report_if_stuck();
  }

 private:
  struct StreamState {
    RankId rank;
    StreamIndex index = 0;
    StreamIndex waits_for = kNoStream;  // of the same rank, for an op there to be done
    std::uint32_t stop = 0;
    std::uint32_t step = 0;
    std::uint32_t open = 0;  // transfers of the current stop that have not been met
    bool posted = false;
  };
  struct Post {
    std::uint32_t stream;
    Bytes bytes;
    OpIndex op;
  };
  struct Channel {
    std::vector<Post> posts;  // all sends or all receives
    bool sends = false;
  };

  const Program& program_of(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const std::vector<Op>& ops(const StreamState& s) const { return program_of(s.rank).streams[s.index].ops; }
  const Stops& stops(const StreamState& s) const { return stops_[workload_.program_of[s.rank]][s.index]; }

  void number_streams() {
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
  void number_channels() {
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

  std::uint32_t channel(const StreamState& s, const Op& op) const {
    return channel_of_[first_transfer_[s.rank] + 2 * static_cast<std::size_t>(op.payload) +
                       (op.kind == OpKind::send ? 1 : 0)];
  }

  std::uint32_t& arrived(const StreamState& s, const Op& op) {
    const GroupRole role = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)].role;
    return arrived_[workload_.group_roles[role].group_of[s.rank].value * most_streams_ + s.index];
  }

  const Group& group(const StreamState& s, const Op& op) const {
    const GroupRole role = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)].role;
    return workload_.groups[workload_.group_roles[role].group_of[s.rank]];
  }

  bool finished(const StreamState& s) const { return s.step == steps_; }

  // The op that the stream stands at, or its end.
  OpIndex position(const StreamState& s) const {
    return s.stop < stops(s).first.size() ? stops(s).first[s.stop] : stops(s).ops;
  }

  std::uint64_t done(const StreamState& s) const {
    if (finished(s)) return std::uint64_t{s.step} * stops(s).ops;
    return std::uint64_t{s.step} * stops(s).ops + position(s);
  }

  bool is_met(const StreamState& s, const Op& op) const {
    if (!op.waits() || (op.on_previous_step() && s.step == 0)) return true;
    const StreamState& other = streams_[first_stream_[s.rank] + op.after_stream];
    const std::uint64_t step = s.step - (op.on_previous_step() ? 1 : 0);
    return done(other) > step * stops(other).ops + op.after;
  }

  void advance(std::uint32_t number) {
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

  void wake(const StreamState& moved) {
    const std::uint32_t first = first_stream_[moved.rank];
    const std::size_t count = program_of(moved.rank).streams.size();
    for (std::uint32_t s = first; s < first + count; ++s) {
      if (streams_[s].waits_for == moved.index) ready_.push_back(s);
    }
  }

  // Whether the stream may leave the stop at which it stands.
  bool pass(std::uint32_t number) {
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

  // The last to arrive lets the others go.
  bool arrive(std::uint32_t number, const Op& op) {
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

  void post(std::uint32_t number, const Op& op, OpIndex index) {
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

  void report_sizes(const StreamState& s, OpIndex op, Bytes bytes, const Post& other) {
    const StreamState& theirs = streams_[other.stream];
    faults_.add([&] {
      return name_of(workload_, s.rank) + ": " + name_of(program_of(s.rank), s.index, op) + " moves " +
             std::to_string(bytes.n) + " bytes, but meets " + name_of(program_of(theirs.rank), theirs.index, other.op) +
             " of " + name_of(workload_, theirs.rank) + ", which moves " + std::to_string(other.bytes.n);
    });
  }

  void report_if_stuck() {
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

  // The op that keeps the stream where it is: of a group the first that is not met.
  OpIndex culprit(const StreamState& s) const {
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

  std::uint32_t waits_on(const StreamState& s) const {
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

  RankId peer_of(const StreamState& s, const Op& op) const {
    const Transfer& transfer = program_of(s.rank).transfers[static_cast<std::size_t>(op.payload)];
    return workload_.peer_roles[transfer.role].peer_of[s.rank];
  }

  bool still_meets(const StreamState& theirs, bool with_receive, std::uint32_t channel_number) const {
    const auto& all = ops(theirs);
    return std::any_of(all.begin() + position(theirs), all.end(), [&](const Op& op) {
      return op.kind == (with_receive ? OpKind::receive : OpKind::send) && channel(theirs, op) == channel_number;
    });
  }

  std::uint32_t first_absent(const StreamState& s, const Op& op) const {
    const Group& all = group(s, op);
    for (const RankId member : all.members) {
      const StreamState& theirs = streams_[first_stream_[member] + s.index];
      const bool there = !finished(theirs) && theirs.posted &&
                         ops(theirs)[position(theirs)].kind == OpKind::collective &&
                         &group(theirs, ops(theirs)[position(theirs)]) == &all;
      if (!there) return first_stream_[member] + s.index;
    }
    return kNone;
  }

  std::string told(const std::vector<std::uint32_t>& chain, bool closes) const {
    constexpr std::size_t kMostLinks = 12;
    std::string text = "the run cannot end: ";
    for (std::size_t i = 0; i < std::min(chain.size(), kMostLinks); ++i) text += link_of(streams_[chain[i]], i == 0);
    if (chain.size() > kMostLinks) text += ", and so on over " + std::to_string(chain.size() - kMostLinks) + " more";
    if (closes) text += ", where the chain began";
    return text;
  }

  // "rank 3 (stage 3) waits for receive 'F3.0' (op 12 of stream pp) from rank 2 (stage 2)",
  // and from the second on ", which waits for …".
  std::string link_of(const StreamState& s, bool first) const {
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

  const Workload& workload_;
  Faults& faults_;
  std::uint32_t steps_ = 1;
  std::size_t most_streams_ = 0;
  IdVector<ProgramId, std::vector<Stops>> stops_;
  IdVector<RankId, std::uint32_t> first_stream_;
  std::vector<StreamState> streams_;
  IdVector<RankId, std::uint32_t> first_transfer_;
  std::vector<std::uint32_t> channel_of_;  // by rank and transfer: as receiver, as sender
  std::vector<Channel> channels_;
  std::vector<std::uint32_t> arrived_;  // by group and stream
  std::vector<std::uint32_t> ready_;
};

}  // namespace

void check_waits(const Workload& workload, Faults& faults) {
  UntimedRun(workload, faults).run();
}

}  // namespace orrery::sim
