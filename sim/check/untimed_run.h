#pragma once

#include <string>
#include <vector>

#include "sim/check/parts.h"

namespace orrery::sim {

// The ops of a stream that may hold it up; all others are passed in stride.
struct Stops {
  std::vector<OpIndex> first;  // of each stop: one op, or sends and receives grouped
  OpIndex ops = 0;
};

// Runs the programs without time: every stream goes as far as its dependencies
// and its partners let it, and the order in which streams are moved makes no
// difference, because whoever may go on stays able to until he does. So if this
// run ends, the timed one does too, and if it stops, those who stopped wait for
// each other, whatever the times.
//
// Between two steps only dependencies on the previous step are new, so two steps
// are enough, and one if there are none.
class UntimedRun {
 public:
  UntimedRun(const Workload& workload, Faults& faults);
  void run();

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
  static constexpr std::uint32_t kNone = UINT32_MAX;

  const Program& program_of(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const std::vector<Op>& ops(const StreamState& s) const { return program_of(s.rank).streams[s.index].ops; }
  const Stops& stops(const StreamState& s) const { return stops_[workload_.program_of[s.rank]][s.index]; }
  void number_streams();
  void number_channels();
  std::uint32_t channel(const StreamState& s, const Op& op) const;
  std::uint32_t& arrived(const StreamState& s, const Op& op);
  const Group& group(const StreamState& s, const Op& op) const;

  bool finished(const StreamState& s) const { return s.step == steps_; }
  // The op that the stream stands at, or its end.
  OpIndex position(const StreamState& s) const;
  std::uint64_t done(const StreamState& s) const;
  bool is_met(const StreamState& s, const Op& op) const;
  void advance(std::uint32_t number);
  void wake(const StreamState& moved);
  // Whether the stream may leave the stop at which it stands.
  bool pass(std::uint32_t number);
  // The last to arrive lets the others go.
  bool arrive(std::uint32_t number, const Op& op);
  void post(std::uint32_t number, const Op& op, OpIndex index);

  // Who waits for whom, in stuck.cpp.
  void report_sizes(const StreamState& s, OpIndex op, Bytes bytes, const Post& other);
  void report_if_stuck();
  // The op that keeps the stream where it is: of a group the first that is not met.
  OpIndex culprit(const StreamState& s) const;
  std::uint32_t waits_on(const StreamState& s) const;
  RankId peer_of(const StreamState& s, const Op& op) const;
  bool still_meets(const StreamState& theirs, bool with_receive, std::uint32_t channel_number) const;
  std::uint32_t first_absent(const StreamState& s, const Op& op) const;
  std::string told(const std::vector<std::uint32_t>& chain, bool closes) const;
  std::string link_of(const StreamState& s, bool first) const;

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

}  // namespace orrery::sim
