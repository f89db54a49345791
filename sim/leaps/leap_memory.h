#pragma once

#include <memory>
#include <utility>

#include "sim/leaps/legs/leg_memory.h"
#include "sim/leaps/meet/meeting_orders.h"

namespace orrery::sim {

// What runs in leaps leave for those of alike programs. Not to be shared among threads.
struct LeapMemory {
  explicit LeapMemory(std::shared_ptr<ProgramForms> forms) : legs(std::move(forms)) {}

  LegMemory legs;
  MeetingOrders meetings;
};

}  // namespace orrery::sim
