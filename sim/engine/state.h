#pragma once

#include <cstdint>
#include <memory>

#include "sim/account/ledger.h"
#include "sim/base/digest.h"
#include "sim/coalesce/cells.h"
#include "sim/coalesce/coalesce.h"
#include "sim/coalesce/course.h"
#include "sim/engine/meet/meetings.h"
#include "sim/network/contention.h"

namespace orrery::sim {

enum class StreamStatus : std::uint8_t {
  ready,     // can go on now
  blocked,   // waits for an op of another stream of its rank
  running,   // in a run of local ops; an event is due at its end
  arriving,  // running, and already entered in the collective behind the run
  gathered,  // before a stretch, until the others of its cell are there or the instant is over
  passing,   // in a stretch that is one event, or is to be at the end of this instant
  meeting,   // in a collective, a copy or a group of sends and receives
  drained,   // at its end, and a source may append
  finished,
};

// What differs between two ranks of one program: one of these a stream.
struct StreamState {
  FlatStream* flat = nullptr;
  Time op_start;                // running, meeting: of op `at`
  Time first_end;               // running: end of op `at`
  Time mark;                    // running: since when op `at` has its present speed
  Time queued = Time::never();  // of the event in the queue: when it is due, or before
  std::int64_t work_left = 0;   // running: of op `at`, at `mark`, ps at full speed
  OpIndex at = 0;               // ops of this step before it are done
  OpIndex inside = 0;  // running, if op `at` is a call: the op of its block that op_start, mark and work_left are of
  OpIndex until = 0;   // running, meeting: one past what is in progress; blocked: the op whose dependency is open, as
                       // of a run with waits_on
  std::uint32_t step = 0;
  std::uint32_t generation = 0;  // of the event that is due
  std::uint32_t rank = 0;
  std::uint32_t meeting = kNone;  // arriving: where
  OpIndex wake_at = 0;            // nobody is to be woken before this many ops of this step are done
  std::uint16_t open = 0;         // meeting: transfers that have not ended
  std::uint16_t flowing = 0;      // meeting: those of them that have begun
  SpeedIndex speed = 0;           // running: under which the run was planned
  StreamIndex index = 0;
  StreamStatus status = StreamStatus::ready;
  StreamIndex waits_on = kNoStream;      // blocked; running: on time, and there is no event before that has been done
  StreamIndex first_waiter = kNoStream;  // streams blocked on this one, by index
  StreamIndex next_waiter = kNoStream;
};
static_assert(sizeof(StreamState) <= 96);

inline constexpr OpIndex kNothingPending = UINT32_MAX;

struct RankState {
  FlatProgram* flat = nullptr;
  std::uint32_t first_stream = 0;
  StreamIndex streams = 0;
  std::uint32_t cell = Cells::none();
  SpeedIndex speed = kFullSpeed;
  std::uint16_t unfinished = 0;             // streams that are neither drained nor finished
  OpIndex pending_begin = kNothingPending;  // first action_begin of the main stream that no op has followed yet
  Digest digest;
  Time previous_step_end, step_end;
  std::unique_ptr<FlatProgram> appended;  // what a source gave last, and
  std::vector<Stream> appended_streams;   // the ops it refers to
};

// A rank before a rehearsal.
struct MemberState {
  std::vector<StreamState> streams;
  SpeedIndex speed = kFullSpeed;
  std::uint16_t unfinished = 0;
  OpIndex pending_begin = kNothingPending;
  Digest digest;
  Accounting::Page spent;
  Ledger::Mark memory;
};

// A stretch that a cell runs op by op in a time of its own, to see how it goes.
struct Rehearsal {
  std::uint32_t cell = 0;
  const CellState* state = nullptr;
  Course* course = nullptr;
  std::size_t ended = 0;                     // main streams that have come to its end
  Time first_end = Time(), latest = Time();  // when the first did, and when the last of their ops ended
};

}  // namespace orrery::sim
