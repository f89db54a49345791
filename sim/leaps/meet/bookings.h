#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"

namespace orrery::sim {

// Who is on links when. Several at once slow each other unless all together want no more than the link has.
class Bookings {
 public:
  struct Booking {
    Time from, to;
    Int128 demand = 0;      // bytes per second (FlowNet::demand)
    bool measured = false;  // in the last step
  };

  explicit Bookings(std::size_t links) : of_link_(links) {}

  // Makes room for so many.
  void expect(LinkId link, std::size_t bookings) { of_link_[link].reserve(of_link_[link].capacity() + bookings); }
  // False if those on the link meanwhile may be slowed, or if it was booked in too wild an order to tell.
  bool take(LinkId link, BytesPerSecond capacity, const Booking& booking);
  // How long somebody is on the link in the last step.
  Duration busy(LinkId link) const;

 private:
  struct Taken : Booking {
    Time until;  // the last end of it and those before
  };

  IdVector<LinkId, std::vector<Taken>> of_link_;  // by start
};

}  // namespace orrery::sim
