#pragma once

#include <deque>
#include <vector>

#include "models/memory/start_up_course.h"
#include "sim/coalesce/coalesce.h"
#include "sim/engine/meet/meetings.h"
#include "validate/runner/runner.h"

namespace orrery::validate {

// execute() while it runs. Split by job: runner.cpp (which op is next),
// transfers.cpp (who meets whom), memory.cpp, trace.cpp.
class Runner {
 public:
  Runner(const sim::Workload& workload, Device& device, Transport& transport, const RunnerOptions& options);
  Execution run();

 private:
  static constexpr int kTurn = 8;             // ops that a stream enqueues before other ranks have their turn
  static constexpr std::size_t kAhead = 192;  // ops of a stream that may be under way on a device that minds
  static constexpr std::uint32_t kNoMeeting = UINT32_MAX;
  static constexpr sim::OpIndex kNotBlocked = UINT32_MAX;

  // When an op happened, as events.
  struct Record {
    sim::OpIndex op = 0;
    EventHandle start = 0, end = 0;
    std::uint32_t meeting = kNoMeeting;  // in arrivals_
  };
  struct StreamState {
    RankId rank;
    sim::StreamIndex index = 0;
    StreamHandle handle = 0;
    EventHandle position = 0;  // the last event recorded; in a timed step behind all that was enqueued
    std::uint32_t step = 0;
    sim::OpIndex at = 0;  // ops of this step before it have been issued
    sim::OpIndex blocked_on = kNotBlocked;
    std::uint16_t open = 0;              // transfers of the group at `at` whose participants are not all there
    std::vector<std::uint32_t> waiters;  // streams blocked on this one, in order of coming
    std::vector<EventHandle> ends;       // of every op issued so far, over all steps
    std::vector<Record> records;         // with a trace: the same with more
    std::vector<std::uint32_t> met;      // of the group at `at`: by op, in arrivals_
  };

  void add_rank(RankId rank);
  StreamUse use_of(const sim::Program& program, sim::StreamIndex stream) const;
  bool go_on() const;
  void advance(StreamState& s);
  bool next_step(StreamState& s);
  bool is_issued(const StreamState& s, const sim::Op& op) const;
  std::size_t awaited(const StreamState& s, const sim::Op& op) const;
  void block(StreamState& s, sim::OpIndex op);
  bool wake_waiters(StreamState& s);
  void wait_for_awaited(StreamState& s, const sim::Op& op);
  void issue_local(StreamState& s);
  Work work_of(const StreamState& s, const sim::Op& op) const;
  void finish_op(StreamState& s, const Record& record);
  bool is_timed(const StreamState& s, std::uint32_t step, sim::OpIndex op) const;
  EventHandle mark(const StreamState& s, sim::OpIndex op);
  EventHandle mark_end_of_local(const StreamState& s, sim::OpIndex op);
  void tell_stuck(Errors& faults) const;

  sim::OpIndex group_end(const StreamState& s) const;
  bool may_enter(const StreamState& s, sim::OpIndex end);
  void enter_transfers(StreamState& s, sim::OpIndex end);
  bool all_local_are_in(const sim::Meeting& meeting) const;
  Exchange exchange_of(const sim::Meeting& meeting) const;
  void leave(std::uint32_t meeting);
  void finish_group(StreamState& s);

  void start_up(StreamState& main);
  void ask(StreamState& main, models::StartUpCourse::Requests requests);
  void allocate(StreamState& s, std::uint32_t buffer);
  void free(StreamState& s, std::uint32_t buffer);
  std::span<const Bytes> tensors_of(const sim::Buffer& buffer) const;
  void out_of_memory(const StreamState& s, Bytes wanted, const std::string& of);

  void tell_trace();
  sim::Span span_of(const StreamState& s, std::size_t i);

  const sim::Program& program_of(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const std::vector<sim::Op>& ops_of(const StreamState& s) const { return program_of(s.rank).streams[s.index].ops; }
  StreamState& sibling(const StreamState& s, sim::StreamIndex i) { return streams_[first_stream_[s.rank] + i]; }
  const StreamState& sibling(const StreamState& s, sim::StreamIndex i) const {
    return streams_[first_stream_[s.rank] + i];
  }
  std::uint32_t id_of(const StreamState& s) const { return static_cast<std::uint32_t>(&s - streams_.data()); }
  Place place_of(const StreamState& s, sim::OpIndex op) const { return {s.rank, s.index, s.step, op}; }

  const sim::Workload& workload_;
  Device& device_;
  Transport& transport_;
  const RunnerOptions& options_;
  sim::Meetings meetings_;
  std::vector<StreamState> streams_;
  IdVector<ProgramId, std::vector<std::vector<bool>>> awaited_;  // by stream and op: another stream waits for it
  IdVector<RankId, std::uint32_t> first_stream_;                 // kNone: a rank of another process
  std::deque<std::uint32_t> ready_;
  IdVector<RankId, std::vector<std::optional<BufferHandle>>> buffers_;  // by buffer of the rank's program
  IdVector<RankId, models::StartUpCourse> courses_;
  std::vector<std::vector<EventHandle>> arrivals_;  // by meeting: of its participants
  Errors faults_;
};

}  // namespace orrery::validate
