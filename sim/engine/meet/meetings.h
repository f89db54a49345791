#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/network/flow_net.h"
#include "sim/workload.h"

namespace orrery::sim {

inline constexpr std::uint32_t kNone = UINT32_MAX;

// One op that takes part in a transfer: stream by its number in the whole run.
struct Participant {
  std::uint32_t stream = 0;
  OpIndex op = 0;
  Time arrival;  // may lie ahead
};

// A transfer from the first op that arrives until it ends.
struct Meeting {
  std::uint32_t owner = kNone;   // who meets: see Meetings::Owner
  std::uint32_t next = kNone;    // the next open one of the same owner
  std::uint32_t sequence = 0;    // collectives: how many the communicator has had before
  std::uint32_t generation = 0;  // of the event in the queue
  std::uint32_t phase = 0;
  std::uint32_t activity = kNone;  // in the network, while a phase flows
  const Transfer* transfer = nullptr;
  const TransferPlan* plan = nullptr;
  std::uint32_t plan_index = kNone;
  Time latest;                  // arrival of the last to come
  Time bubble_from, bubble_to;  // when the last to come had last waited for the pipeline
  Time met;
  Time flow_start;               // alone: when its phase begins to flow
  Time due = Time::never();      // when something happens to it next
  Time queued = Time::never();   // of the event in the queue: at `due` or before
  StreamIndex stream = 0;        // collectives: of the communicator
  bool any_ahead = false;        // someone entered before its arrival
  bool sender_waits = false;     // open send (else receive)
  bool measured = false;         // belongs to the last step
  bool begun = false;            // all are in it
  bool flowed = false;           // a phase has
  bool alone = false;            // its phase has its links for itself, so far
  bool deferred = false;         // its begin, at `latest`, is made up for when it ends
  bool moved = false;            // arrivals are others than it has planned for
  std::vector<Participant> who;  // in order of arrival; the sender first

  // Moves on to the phase that flows over links, or behind the last; returns the time until it does.
  Duration skip_to_flow();
};

// Who meets whom: finds the transfer that an op belongs to.
//
// A rank's k-th collective in a group on a stream meets the other members' k-th on
// that stream: each stream has a communicator of its own. Sends and
// receives between two ranks match in order within their tag. Plans are asked
// for once for each (who, kind, bytes).
class Meetings {
 public:
  // `open_ended`: ops will be appended that may use any role on any stream.
  Meetings(const Workload& workload, bool open_ended);

  // Enters a transfer op of a rank's stream and returns the meeting it is in, or kNone when the rank
  // has no group or peer of that role (which check() refuses).
  std::uint32_t enter(RankId rank, StreamIndex stream, const Op& op, Participant who) {
    const auto transfer = static_cast<std::size_t>(op.payload);
    if (op.kind == OpKind::collective) return collective(rank, stream, of_rank_[rank].transfers[transfer], who);
    if (op.kind == OpKind::copy) return copy(rank, transfer, who);
    return post(rank, transfer, op.kind == OpKind::send, who);
  }

  Meeting& operator[](std::uint32_t index) { return meetings_[index]; }
  const Meeting& operator[](std::uint32_t index) const { return meetings_[index]; }

  // All have arrived; then begin() takes it off its owner's list and plans it.
  bool is_complete(std::uint32_t index) const;
  void begin(std::uint32_t index);
  // How long the phase that the meeting has come to flows when alone; of each plan the first that does is asked once.
  Duration time_alone(const Meeting& meeting, const FlowNet& network) {
    const Phase& phase = meeting.plan->phases[meeting.phase];
    if (meeting.flowed) return network.time_alone(phase);
    Duration& known = kept_time(meeting);
    if (known < Duration()) known = network.time_alone(phase);
    return known;
  }
  // Has its phase flow from `at` on, which is one event, if its links are free: how long it does then.
  std::optional<Duration> start_alone(std::uint32_t index, Time at, FlowNet& network);
  // A time kept with the meeting's plan, for one use of all its meetings. Negative: none yet.
  Duration& kept_time(const Meeting& meeting) { return plans_[meeting.plan_index].kept; }
  void release(std::uint32_t index);

  // For telling why a run is stuck: the oldest meeting that `stream` has entered and that has not begun.
  std::uint32_t open_with(std::uint32_t stream) const;
  const std::vector<RankId>& members_of(const Meeting& meeting) const { return owners_[meeting.owner].members; }

 private:
  // A group, a pair of ranks with a tag, or a rank that copies.
  struct Owner {
    std::vector<RankId> members;               // what the planner is asked for
    std::uint32_t head = kNone, tail = kNone;  // open meetings, oldest first
    std::uint32_t plan = kNone;                // the one used last, in a ring
    bool is_pair = false;
  };
  struct Plan {
    const TransferPlan* plan;
    Bytes bytes;
    TransferKind kind;
    std::uint32_t next;
    Duration kept = Duration::ps(-1);
  };
  // A rank's place in a communicator. Roles of a rank that name one group count together.
  struct Membership {
    std::uint32_t group = kNone;
    std::uint32_t counter = 0;
  };
  struct OfRank {
    const Transfer* transfers = nullptr;   // of its program,
    const std::uint32_t* slots = nullptr;  // where they have theirs, counted
    std::uint32_t first_slot = 0;          // from here
  };
  struct Pair {
    std::uint32_t from, to, tag;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const;
  };

  std::uint32_t collective(RankId rank, StreamIndex stream, const Transfer& transfer, Participant who);
  std::uint32_t post(RankId rank, std::size_t transfer_index, bool is_send, Participant who);
  std::uint32_t copy(RankId rank, std::size_t transfer_index, Participant who);
  void number_communicators(bool open_ended);
  void join_groups();
  void number_transfers();
  // Who meets over a transfer of the rank's program, as sender or as receiver; kNone: not asked for yet.
  std::uint32_t& owner_slot(RankId rank, std::size_t transfer_index) {
    const OfRank& of = of_rank_[rank];
    return slots_[of.first_slot + of.slots[transfer_index]];
  }
  std::uint32_t pair_of(RankId rank, const Transfer& transfer, bool is_send);
  std::uint32_t open(std::uint32_t owner, const Transfer& transfer);
  void close(std::uint32_t index);
  std::uint32_t plan_for(Owner& owner, const Transfer& transfer);

  const Workload& workload_;
  std::vector<Meeting> meetings_;
  std::vector<std::uint32_t> unused_;
  std::vector<Owner> owners_;  // groups first, in order
  std::vector<Plan> plans_;
  std::size_t roles_ = 0;
  // Communicators that a program uses, as stream * roles + role, and the place of each in that list.
  IdVector<ProgramId, std::vector<std::uint32_t>> used_, place_of_;
  IdVector<RankId, std::uint32_t> first_membership_;
  std::vector<Membership> memberships_;  // of rank 0, rank 1, …; one for each that its program uses
  std::vector<std::uint32_t> counters_;  // parallel: collectives entered
  std::unordered_map<Pair, std::uint32_t, PairHash> pairs_;  // looked up only, never walked
  // Owners of pairs and copies by (rank, transfer), found at first use.
  IdVector<ProgramId, std::vector<std::uint32_t>> slot_of_transfer_;
  IdVector<RankId, OfRank> of_rank_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace orrery::sim
