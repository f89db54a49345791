#pragma once

#include <functional>
#include <unordered_map>

#include "gui/model/ask/path/walk_parts.h"

namespace orrery::gui {

// Back through a profile of a real run, from its last end. A kernel began when the one
// before it in its stream was over, or when the host had launched it, if that was later; a
// call of the host went on when the call before it, or within it, was over; one that waits
// for the GPU, when the last work there was. An idle thread went on by the arrow that leads
// to what it did next.
//
// Waits of one stream for another are told by few profiles, other ranks by none: time that
// they cost lies on the path between two events.
class ProfileWalk {
 public:
  ProfileWalk(const TraceModel& model, TimeRange range);

  // Whether the file says of anything what it waited for.
  bool has_links() const { return !model_.arrows().all().empty() || !launches_.empty(); }
  // In order of time, backwards.
  std::vector<EventRef> run(const std::function<bool()>& keep_going);

 private:
  // An event, and the moment until which it counts.
  struct At {
    EventRef event = EventRef::none();
    Ns when = 0;
  };

  void find_device_tracks();
  void find_launches();
  bool is_device(EventRef event) const;
  EventRef launch_of(EventRef event) const;
  At last() const;
  At before_device(EventRef event) const;
  At before_host(At at) const;
  At latest_on_device(std::uint32_t host_process, Ns from, Ns to) const;
  // What a thread was in at a moment: the innermost call; else none.
  EventRef within(std::uint32_t track, Ns when) const;
  At resumed_at(std::uint32_t track, Ns when) const;

  const TraceModel& model_;
  TimeRange range_;
  std::vector<bool> on_device_;                          // by track
  std::unordered_map<std::int64_t, EventRef> launches_;  // by correlation; looked up, never walked
  std::vector<std::int64_t> correlation_;                // by kind; -1 where it says none
};

}  // namespace orrery::gui
