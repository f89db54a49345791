#pragma once

#include <optional>
#include <vector>

#include "sim/account/accounting.h"
#include "sim/account/ledger.h"
#include "sim/coalesce/cells.h"
#include "sim/coalesce/course.h"
#include "sim/coalesce/solo/solo_streams.h"
#include "sim/engine/engine.h"
#include "sim/engine/events/event_queue.h"
#include "sim/engine/meet/meetings.h"
#include "sim/engine/state.h"
#include "sim/network/flow_net.h"
#include "sim/network/link_counts.h"

namespace orrery::sim {

// The machine behind run(); one object is one run. See docs/engine.md.
//
// Invariants between events:
//  (1) Every unfinished stream is exactly one of: running (an event of its
//      generation is due; or it is on time, nobody waits for it, and it is in the
//      waiter list of the stream that it waits for behind its run), arriving (running, and the collective behind its
//      run will take it along), meeting (its transfers are open or in progress), blocked (in the waiter list of the
//      stream it waits for), passing (its cell's stretch ends with the event of the cell's first main stream), drained.
//      Gathered it is within an instant only.
//  (2) A transfer in progress is due at the end of a latency, or at the network's
//      last prediction for its activity; a meeting that all have entered, some
//      ahead of time, at the last arrival. It has exactly one valid event, then or
//      before: one that comes too early is put back (look_after).
//  So when the queue is empty and a stream is unfinished, the run is stuck.
class Engine {
 public:
  Engine(const Workload& workload, const RunOptions& options, OpSource* source);
  // Whether it can run the workload with its calls as they are.
  bool takes_calls() const;
  RunResult run();

 private:
  // engine.cpp: the loop and local ops
  void prepare_programs();
  void prepare_ranks();
  void start();
  bool go_on();
  void end_instant();
  void handle_instant();
  void look_far(const Event& event) const;
  void look_near(const Event& event) const;
  void handle(const Event& event);
  void tell_owner(const Event& event);
  void drain_ready();
  void advance(StreamState& s, bool may_gather = true);
  bool start_run(StreamState& s);
  void add_jitter(StreamState& s) const;
  std::int64_t with_jitter(const StreamState& s, std::int64_t cost) const;
  OpIndex run_end(StreamState& s, OpIndex from);
  // Whether waits need not be met one by one: not where each op is looked at, nor on side streams of a cell, which
  // stretches want to see where they stand.
  bool sees_through(const StreamState& s) const {
    return foresees_ && !plays_ && (!cells_ || s.index == kMainStream || rank_of(s).cell == Cells::none());
  }
  void end_run(StreamState& s);
  void leave_behind(StreamState& s, OpIndex op);
  void pass(StreamState& s, OpIndex end);
  bool next_step(StreamState& s);
  void end_step(StreamState& main);
  void ask_source(RankState& rank, RankId id);
  void schedule(StreamState& s, Time when);

  // waits.cpp: streams of a rank that wait for each other
  bool is_met(const StreamState& s, const Op& op) const { return !op.waits() || is_done(s, op, now_); }
  bool is_done(const StreamState& s, const Op& op, Time when) const;
  static bool is_foreseen(const StreamState& s, OpIndex op, Time when);
  void block(StreamState& s, OpIndex op);
  void wait_for_sibling(StreamState& s);
  void come_to_wait(StreamState& s);
  void plan_on_time(StreamState& s);
  void resume(StreamState& s);
  OpIndex needed(const StreamState& waiter, const StreamState& other) const;
  OpIndex first_need(const StreamState& s) const;
  void wake_waiters(StreamState& s);
  void look_at(StreamState& s, Time end);
  Time next_look(StreamState& s);

  // arrivals.cpp: ranks come to what they do together
  void start_transfers(StreamState& s);
  void enter(StreamState& s, OpIndex op);
  void enter_ahead(StreamState& s, Time arrival);
  void begin_at_last_arrival(std::uint32_t meeting);
  void move_arrival(const StreamState& s, Time arrival);
  void plan_moved();
  void arrive(StreamState& s, Time arrival);
  void arrive_all();
  void note_last_arrivals(Meeting& meeting);
  void note_arrival(Meeting& meeting, RankId rank);

  // transfers.cpp: what has met begins, flows, ends
  bool defer_begin(std::uint32_t meeting);
  void catch_up(std::uint32_t meeting);
  void begin(std::uint32_t meeting);
  void join(std::uint32_t meeting);
  void proceed(std::uint32_t meeting);
  bool start_alone(std::uint32_t meeting, Time at);
  void plan_event(std::uint32_t meeting, Time when);
  void look_after(std::uint32_t meeting);
  void start_flow(std::uint32_t meeting);
  void settle_disturbed();
  void transfer_event(std::uint32_t meeting);
  void end_flow(std::uint32_t meeting);
  void finish(std::uint32_t meeting);
  void leave(StreamState& s, OpIndex op, Time met);
  void settle_network();

  // link_use.cpp: what transfers load links with, for a trace
  void sample_later(const Phase& phase);
  void sample_links();

  // claims.cpp: what transfers take from kernels
  void add_claim(StreamState& s, std::uint8_t claim, bool starts);
  void change_speed(StreamState& s, SpeedIndex speed);
  void leave_behind_inside(StreamState& s);
  OpIndex op_in_progress(const StreamState& s);

  // stretches.cpp: what a cell goes through as one
  void prepare_stretches();
  bool gather(StreamState& s);
  bool may_pass(const StreamState& main, const Stretch& stretch) const;
  bool stands_at(const StreamState& main, const SideOps& side) const;
  bool stands_until(const StreamState& main, const StreamState& side, OpIndex op) const;
  void release_gathered();
  Course* course_of(std::uint32_t cell, std::span<const std::uint32_t> gathered);
  void note_turn(const StreamState& main, std::uint8_t claim, bool starts);
  void settle_later(std::uint32_t cell);
  void settle_cells();
  void settle_cell(std::uint32_t cell);
  void end_stretch(std::uint32_t cell);
  void leave_stretch(StreamState& main, const Stretch& stretch, const Course& course);
  void stop_waiting(StreamState& main, StreamState& side);
  StreamState& main_of(RankId rank) { return streams_[ranks_[rank].first_stream]; }

  // rehearsal.cpp: what a cell does in a time of its own
  void fall_apart(std::uint32_t cell);
  void rehearse(std::uint32_t cell, Course& course);
  void play(std::uint32_t cell, const Course& course, Time until);
  void keep(std::span<const RankId> members);
  void put_back(std::span<const RankId> members);
  bool is_inside(const StreamState& s) const;
  bool stands_aside(const StreamState& s) const;
  bool is_rehearsed(const StreamState& s) const;
  void see_ops(const StreamState& s, OpIndex end, const RunClock& clock);
  void see_transfers(const StreamState& s);
  void see(OpIndex op, Time start, Time end);
  void see_flow(const Meeting& meeting);
  void see_end(const StreamState& main);
  bool is_over(const Rehearsal& rehearsal) const;
  void add_loads();
  void add_loads_of(std::uint32_t cell, const Course& course, std::int64_t times);

  // account.cpp: what results are made of
  void stamp_actions(StreamState& s, OpIndex end, const RunClock& clock);
  void stamp_pending(StreamState& main, Time when);
  void stamp(RankState& rank, const StreamState& s, OpIndex op, Time when);
  void trace_run(const StreamState& s, OpIndex end, const RunClock& clock);
  void trace_transfers(const StreamState& s);
  void settle(const StreamState& s) { settle(s, Time(), Time()); }
  void settle(const StreamState& s, Time bubble_from, Time bubble_to) {
    const RankId rank{s.rank};
    if (accounting_.is_on(rank) && accounting_.since(rank) != now_) settle_since_then(s, bubble_from, bubble_to);
  }
  void settle_since_then(const StreamState& s, Time bubble_from, Time bubble_to);
  const StreamState& blocking(const StreamState& main) const;
  bool waits_for_pipeline(const StreamState& s, const Op& op) const;
  void settle_meeting(const StreamState& s, OpIndex op, Time since, Time bubble_from, Time bubble_to);
  void settle_run(const StreamState& via, bool is_main, Time since);
  template <class Spend>
  void settle_call(const StreamState& s, OpIndex call, const RunClock& clock, Time since, const Spend& spend);
  void count_ops();
  RunResult summarize();

  // stuck.cpp
  Error why_stuck() const;
  std::string place(const StreamState& s) const;
  const StreamState& awaited_by(const StreamState& s) const;
  const StreamState& stream_to_come(RankId member, const Meeting& meeting, const StreamState& from) const;

  RankState& rank_of(const StreamState& s) { return ranks_[RankId{s.rank}]; }
  const RankState& rank_of(const StreamState& s) const { return ranks_[RankId{s.rank}]; }
  static FlatStream& flat(StreamState& s) { return *s.flat; }
  static const FlatStream& flat(const StreamState& s) { return *s.flat; }
  StreamState& sibling(const StreamState& s, StreamIndex index) { return streams_[rank_of(s).first_stream + index]; }
  const StreamState& sibling(const StreamState& s, StreamIndex index) const {
    return streams_[rank_of(s).first_stream + index];
  }
  // Of a run in progress. Its stream has been asked for sums of its speed.
  static RunClock clock_of(const StreamState& s) {
    return {s.op_start, s.first_end, s.at, s.inside, s.speed, flat(s).sums(s.speed)};
  }
  std::uint32_t id_of(const StreamState& s) const { return static_cast<std::uint32_t>(&s - streams_.data()); }

  const Workload& workload_;
  const RunOptions options_;
  OpSource* source_;
  const bool jitters_;
  const bool coalesce_;
  const bool foresees_;     // and nobody wants to see each op or transfer by itself
  bool may_defer_ = false;  // nothing outside can tell when a collective of a main stream begins

  Time now_;
  EventQueue events_;
  std::vector<Event> due_;  // at this instant
  std::vector<std::uint32_t> ready_;
  std::vector<std::uint32_t> moved_;  // meetings to be planned anew
  FlatBlocks blocks_;
  std::vector<FlatProgram> programs_;
  IdVector<RankId, RankState> ranks_;
  std::vector<StreamState> streams_;  // of rank 0, rank 1, …
  Speeds speeds_;
  Meetings meetings_;
  Ledger ledger_;
  Accounting accounting_;

  FlowNet network_;
  std::optional<SoloCollectives> solo_;
  std::optional<SoloStreams> solo_streams_;  // likewise
  std::optional<Cells> cells_;
  std::vector<CellState> cell_states_;  // by cell
  IdVector<ProgramId, Stretches> stretches_;
  Courses courses_;
  std::vector<std::uint32_t> gathering_;  // cells of which some are there
  std::vector<std::uint32_t> unsettled_;  // cells whose course has turned at this instant, or begun
  EventQueue aside_;                      // while a cell plays: what is due of all others
  bool plays_ = false;
  Rehearsal* rehearsal_ = nullptr;
  std::vector<MemberState> kept_;
  bool network_touched_ = false;
  std::vector<std::uint32_t> meeting_of_;  // by activity
  std::vector<FlowNet::Completion> changed_;
  LinkCounts link_counts_;
  std::vector<BytesPerSecond> link_sampled_;
  std::vector<LinkId> links_to_sample_;
  std::vector<std::vector<Time>> met_;  // by stream, with a trace: when the transfers of its group met

  std::uint64_t total_ops_ = 0;
  std::size_t unfinished_ = 0;
  RunResult result_;
};

}  // namespace orrery::sim
