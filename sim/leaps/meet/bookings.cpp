#include "sim/leaps/meet/bookings.h"

#include <cstddef>

namespace orrery::sim {

bool Bookings::put_between(std::vector<Booking>& taken, Booking booking) {
  constexpr std::size_t kFarthest = 64;  // back: of a link that hundreds of ranks book, each at its own pace
  std::size_t at = taken.size();
  while (at > 0 && taken[at - 1].from >= booking.to)
    if (--at + kFarthest < taken.size()) return false;
  if (at > 0 && taken[at - 1].to > booking.from) return false;
  taken.insert(taken.begin() + static_cast<std::ptrdiff_t>(at), booking);
  return true;
}

}  // namespace orrery::sim
