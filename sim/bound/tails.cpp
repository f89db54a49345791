#include "sim/bound/tails.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "sim/engine/meet/meetings.h"
#include "sim/network/flow_net.h"
#include "sim/phase.h"

namespace orrery::sim {
namespace {

// The tail of what no main stream's end waits for: with all that stands before it, still below zero.
constexpr Duration kNowhere = Duration::ps(INT64_MIN / 2);

// Of one program: the ops that others of the same step wait for, numbered.
struct Awaited {
  std::vector<std::vector<std::uint32_t>> place;  // by stream and op: its number, or kNone
  std::vector<std::uint32_t> waiters;             // by number
};

bool waits_in_step(const Op& op) {
  return op.waits() && !op.on_previous_step();
}

Awaited awaited_in(const Program& program) {
  Awaited awaited;
  for (const Stream& stream : program.streams) awaited.place.emplace_back(stream.ops.size(), kNone);
  for (const Stream& stream : program.streams)
    for (const Op& op : stream.ops) {
      if (!waits_in_step(op)) continue;
      std::uint32_t& place = awaited.place[op.after_stream][op.after];
      if (place == kNone) {
        place = static_cast<std::uint32_t>(awaited.waiters.size());
        awaited.waiters.push_back(0);
      }
      ++awaited.waiters[place];
    }
  return awaited;
}

// The first of the group of sends and receives that ends with `op`: see group_end.
OpIndex group_begin(const std::vector<Op>& ops, OpIndex op) {
  while (is_point_to_point(ops[op].kind)) {
    OpIndex before = op;
    while (before > 0 && ops[before - 1].kind == OpKind::wait) --before;
    if (before == 0 || !is_point_to_point(ops[before - 1].kind) || !ops[before - 1].grouped_with_next()) break;
    op = before - 1;
  }
  return op;
}

class Backwards {
 public:
  explicit Backwards(const Workload& workload)
      : workload_(workload), meetings_(workload, false), network_(workload.links) {
    for (const Program& program : workload.programs) awaited_.add(awaited_in(program));
    for (std::uint32_t r = 0; r < workload.ranks(); ++r) add_rank({r});
  }

  std::optional<IdVector<RankId, Duration>> run() {
    for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) ready_.push_back(lane);
    while (!ready_.empty()) {
      const std::uint32_t lane = ready_.back();
      ready_.pop_back();
      go_back(lane);
    }
    if (std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.at > 0; })) return std::nullopt;
    IdVector<RankId, Duration> tails;
    for (const std::uint32_t first : first_lane_) tails.add(lanes_[first + kMainStream].tail);
    return tails;
  }

 private:
  // A stream of a rank, of which ops [0, at) are left.
  struct Lane {
    const std::vector<Op>* ops;
    const std::vector<std::uint32_t>* awaited;  // Awaited::place of this stream
    RankId rank;
    StreamIndex stream;
    OpIndex at;
    OpIndex first = 0;       // meeting: of the ops that meet together
    std::uint32_t open = 0;  // meeting: of their transfers
    Duration tail;           // of the op at `at`; meeting: of those that have met
  };
  struct Awaiting {
    std::uint32_t waiters;  // whose tails are not known yet
    Duration tail;          // the longest of the others
  };

  void add_rank(RankId rank) {
    const ProgramId id = workload_.program_of[rank];
    const Program& program = workload_.programs[id];
    first_lane_.add(static_cast<std::uint32_t>(lanes_.size()));
    first_awaiting_.add(static_cast<std::uint32_t>(awaiting_.size()));
    for (std::size_t s = 0; s < program.streams.size(); ++s) {
      const std::vector<Op>& ops = program.streams[s].ops;
      lanes_.push_back({&ops, &awaited_[id].place[s], rank, static_cast<StreamIndex>(s),
                        static_cast<OpIndex>(ops.size()), 0, 0, s == kMainStream ? Duration() : kNowhere});
    }
    for (const std::uint32_t waiters : awaited_[id].waiters) awaiting_.push_back({waiters, kNowhere});
  }

  Awaiting* awaiting(const Lane& lane, OpIndex op) {
    const std::uint32_t place = (*lane.awaited)[op];
    return place == kNone ? nullptr : &awaiting_[first_awaiting_[lane.rank] + place];
  }

  // Takes the stream as far towards its begin as is known.
  void go_back(std::uint32_t index) {
    for (Lane& lane = lanes_[index]; lane.at > 0 && lane.open == 0;) {
      const OpIndex first = group_begin(*lane.ops, lane.at - 1);
      Duration behind = lane.tail;
      for (OpIndex op = first; op < lane.at; ++op) {
        const Awaiting* others = awaiting(lane, op);
        if (!others) continue;
        if (others->waiters > 0) return;  // pass() comes back to it
        behind = std::max(behind, others->tail);
      }
      lane.first = first;
      const Op& op = (*lane.ops)[first];
      if (!is_local(op.kind)) return meet(index, behind);
      lane.tail = behind + time_of(lane.rank, op);
      pass(lane);
    }
  }

  Duration time_of(RankId rank, const Op& op) {
    if (op.kind == OpKind::kernel) return Duration::ps(op.payload);
    return op.kind == OpKind::call ? time_of_call(rank, op) : Duration();
  }

  // The rank is by itself in the groups of its collectives.
  Duration time_of_call(RankId rank, const Op& call) {
    const Program& program = workload_.programs[workload_.program_of[rank]];
    const std::uint32_t block = program.call_of(call).block;
    const auto [at, is_new] = calls_.try_emplace({rank.value, block});
    if (!is_new) return at->second;
    for (const Op& op : program.blocks[block].ops) {
      if (op.kind == OpKind::collective) {
        const Transfer& transfer = program.transfer_of(op);
        const std::span<const RankId> members = workload_.groups[workload_.group_of(rank, transfer.role)].members;
        at->second += least_time(workload_.planner->plan({transfer.kind, members, transfer.bytes}));
      } else if (op.kind == OpKind::kernel) {
        at->second += Duration::ps(op.payload);
      }
    }
    return at->second;
  }

  // Ops [lane.first, lane.at) start together with lane.tail: so much lies behind what they wait for.
  void pass(Lane& lane) {
    for (OpIndex i = lane.first; i < lane.at; ++i) {
      const Op& op = (*lane.ops)[i];
      if (!waits_in_step(op)) continue;
      const std::uint32_t on = first_lane_[lane.rank] + op.after_stream;
      Awaiting& others = *awaiting(lanes_[on], op.after);
      others.tail = std::max(others.tail, lane.tail);
      if (--others.waiters == 0) ready_.push_back(on);
    }
    lane.at = lane.first;
  }

  void meet(std::uint32_t index, Duration behind) {
    Lane& lane = lanes_[index];
    const OpIndex first = lane.first, end = lane.at;
    for (OpIndex op = first; op < end; ++op)
      if (!is_local((*lane.ops)[op].kind)) ++lane.open;
    lane.tail = kNowhere;
    for (OpIndex op = first; op < end; ++op)
      if (!is_local((*lane.ops)[op].kind)) enter(lane, {index, op, Time::at(behind)});
  }

  void enter(const Lane& lane, const Participant& who) {
    const Op& op = (*lane.ops)[who.op];
    const std::uint32_t meeting = meetings_.enter(lane.rank, lane.stream, op, who);
    if (meeting == kNone || !meetings_.is_complete(meeting)) return;
    meetings_.begin(meeting);
    Time tail = Time::at(kNowhere);
    for (const Participant& one : meetings_[meeting].who) tail = std::max(tail, one.arrival);
    tail = tail + least_time(meetings_[meeting]);
    for (const Participant& one : meetings_[meeting].who) leave(one.stream, tail.since_start());
    meetings_.release(meeting);
  }

  void leave(std::uint32_t index, Duration tail) {
    Lane& lane = lanes_[index];
    lane.tail = std::max(lane.tail, tail);
    if (--lane.open > 0) return;
    pass(lane);
    ready_.push_back(index);
  }

  // Alone on its links; asked for once for each plan.
  Duration least_time(const Meeting& meeting) {
    Duration& known = meetings_.kept_time(meeting);
    if (known >= Duration()) return known;
    return known = least_time(*meeting.plan);
  }

  Duration least_time(const TransferPlan& plan) const {
    Duration time;
    for (const Phase& phase : plan.phases) {
      const Duration flow = flows(phase) ? network_.time_alone(phase) : own_time(phase);
      time += phase.latency;
      if (flow < Time::never().since_start() - time) time += flow;
    }
    return time;
  }

  const Workload& workload_;
  Meetings meetings_;
  FlowNet network_;
  IdVector<ProgramId, Awaited> awaited_;
  std::vector<Lane> lanes_;
  std::vector<Awaiting> awaiting_;
  IdVector<RankId, std::uint32_t> first_lane_, first_awaiting_;
  std::vector<std::uint32_t> ready_;                                   // lanes that may be able to go on
  std::map<std::pair<std::uint32_t, std::uint32_t>, Duration> calls_;  // by rank and block
};

}  // namespace

std::optional<IdVector<RankId, Duration>> tails(const Workload& workload) {
  return Backwards(workload).run();
}

}  // namespace orrery::sim
