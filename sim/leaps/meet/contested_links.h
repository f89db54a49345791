#pragma once

#include <cstdint>
#include <vector>

#include "sim/leaps/meet/meeting_order.h"
#include "sim/planner.h"

namespace orrery::sim {

// Links on which transfers may meet: others are used by transfers that come one after the other, whatever they take.
class ContestedLinks {
 public:
  explicit ContestedLinks(std::size_t links) : users_(links) {}

  // A transfer of the route takes links.
  void use(const LinkUses& uses, std::uint32_t route);
  // All have been told.
  bool operator()(const MeetingOrder& order, LinkId link) const;

 private:
  static constexpr std::size_t kMost = 7;  // routes to look at; a link of more is contested
  struct Users {
    std::uint32_t routes[kMost] = {};
    std::uint32_t count = 0;
  };

  IdVector<LinkId, Users> users_;
};

}  // namespace orrery::sim
