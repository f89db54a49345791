#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/engine/events/event_queue.h"
#include "sim/engine/meet/meetings.h"
#include "sim/network/flow_net.h"
#include "sim/network/link_counts.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Transfers of a run in leaps, from when all have entered to when they end: all that its clock is for.
//
// They go as in the engine (engine/meet/transfers.cpp), but that nothing else hangs on when they begin: so a transfer
// whose links are free is one event.
class Flights {
 public:
  Flights(const Workload& workload, Meetings& meetings);

  // All have entered the meeting, which begins at the last arrival. `measured`: in the last step.
  void begin(std::uint32_t meeting, bool measured);

  bool any() const { return !events_.empty(); }
  // Goes on to the next instant at which something happens. Precondition: any().
  void go_on();
  Time now() const { return now_; }
  // A meeting that ends at this instant, each once. What begins meanwhile, not before this instant, is heard too.
  std::optional<std::uint32_t> next_ended();
  // All of this instant has been said: the network finds its new rates.
  void settle();

  LinkLoads take_loads() { return std::move(loads_); }
  // Of all that have begun.
  std::uint64_t phases() const { return phases_; }

 private:
  std::optional<Event> next_event();
  bool is_over(std::uint32_t meeting);
  bool proceed(std::uint32_t meeting, Time from);
  bool start_alone(std::uint32_t meeting, Time at);
  void start_flow(std::uint32_t meeting);
  void end_flow(std::uint32_t meeting);
  void settle_disturbed();
  void own(FlowNet::ActivityId activity, std::uint32_t meeting);
  void plan(std::uint32_t meeting, Time when);

  Meetings& meetings_;
  FlowNet network_;
  EventQueue events_;
  std::vector<Event> due_;  // at this instant,
  std::size_t next_ = 0;    // from here on
  Time now_;
  std::uint64_t phases_ = 0;
  bool network_touched_ = false;
  std::vector<std::uint32_t> meeting_of_;  // by activity
  std::vector<FlowNet::Completion> changed_;
  LinkCounts counts_;
  LinkLoads loads_;
};

}  // namespace orrery::sim
