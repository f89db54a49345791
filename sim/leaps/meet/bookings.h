#pragma once

#include <span>
#include <vector>

#include "sim/base/duration.h"
#include "sim/base/id.h"

namespace orrery::sim {

// When links are taken, each by one transfer at a time.
class Bookings {
 public:
  explicit Bookings(std::size_t links) : of_link_(links) {}

  // Takes links from one time to another; false if one of them is taken meanwhile, or was booked in too wild an order
  // to tell.
  bool take(std::span<const LinkId> links, Time from, Time to) {
    for (const LinkId link : links)
      if (!take(of_link_[link], {from, to})) return false;
    return true;
  }

 private:
  struct Booking {
    Time from, to;
  };

  static bool take(std::vector<Booking>& taken, Booking booking) {
    if (!taken.empty() && taken.back().to > booking.from) return put_between(taken, booking);
    taken.push_back(booking);
    return true;
  }
  static bool put_between(std::vector<Booking>& taken, Booking booking);

  IdVector<LinkId, std::vector<Booking>> of_link_;  // in order
};

}  // namespace orrery::sim
