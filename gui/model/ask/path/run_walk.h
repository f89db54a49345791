#pragma once

#include <functional>

#include "gui/model/ask/path/walk_parts.h"

namespace orrery::gui {

// Back through a trace of a simulated run, from its last end. Simulated ops begin at the
// very moment that the last thing they waited for is over, so that is what ended then on
// the same rank, on the op's own track if there is such. A transfer began when the last of
// those who meet had come: the other end of its arrow, or, of a collective, those of its
// name that end with it.
//
// Two that end at the same moment by chance are not told apart; the op's own track goes
// first, as in sim::critical_path.
class RunWalk {
 public:
  RunWalk(const TraceModel& model, Ns from);

  // In order of time, backwards.
  std::vector<EventRef> run(const std::function<bool()>& keep_going);

 private:
  bool is_work(EventRef event) const;
  bool is_transfer(EventRef event) const;
  EventRef last() const;
  // When its rank came to it: before what it waited for others.
  Ns came_at(EventRef event) const;
  // Who of those that it met came last; itself where nobody came later.
  EventRef last_to_come(EventRef event) const;
  EventRef cause_at(EventRef event, Ns when) const;
  EventRef last_over(std::uint32_t process, Ns when) const;

  const TraceModel& model_;
  Ns from_;
  std::vector<std::vector<std::uint32_t>> tracks_of_;  // by process
  std::optional<Arguments::KeyId> bytes_;
};

}  // namespace orrery::gui
