#pragma once

#include <cstdint>
#include <vector>

#include "sim/accounting.h"
#include "sim/base/duration.h"
#include "sim/stretch.h"

namespace orrery::sim {

// How a stretch goes that nobody comes between: written down the first time, while it
// runs op by op, and from then on one event. Times count from its start.
struct Course {
  enum class State : std::uint8_t {
    unknown,
    watched,  // some cell is in it, and its first member is looked at
    known,
    open,  // not over when the main stream's last op is: to be run op by op
  };
  // A phase of one of the cell's collectives, as it flowed.
  struct Flow {
    const Transfer* transfer = nullptr;
    std::uint32_t phase = 0;
    Duration start, end;
  };

  State state = State::unknown;
  std::vector<std::int64_t> starts, ends;  // of the main stream's ops, ps
  std::vector<Flow> flows;
  Accounting::Row spent;

  Duration length() const { return Duration::ps(ends.empty() ? 0 : ends.back()); }
};

// A cell while a run goes on.
struct CellState {
  std::vector<std::uint32_t> gathered;  // main streams that stand before a stretch, at this instant
  const Stretch* stretch = nullptr;     // before which, or in which
  Course* course = nullptr;             // of it, where that is watched or gone by
  Time start;                           // watched: since when
  std::vector<std::uint32_t> gone_by;   // by content: how often in the measured step
};

}  // namespace orrery::sim
