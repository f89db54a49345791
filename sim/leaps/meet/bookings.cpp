#include "sim/leaps/meet/bookings.h"

#include <algorithm>
#include <cstddef>

namespace orrery::sim {

bool Bookings::take(LinkId link, BytesPerSecond capacity, const Booking& booking) {
  constexpr std::size_t kFarthest = 64;  // back: of a link that hundreds of ranks book, each at its own pace
  std::vector<Taken>& all = of_link_[link];
  if (all.empty() || all.back().until <= booking.from) {
    all.push_back({booking, booking.to});
    return true;
  }
  std::size_t place = all.size();
  Int128 demand = booking.demand;
  bool alone = true;
  for (std::size_t i = all.size(); i > 0 && all[i - 1].until > booking.from; --i) {
    const Taken& other = all[i - 1];
    if (i + kFarthest < all.size()) return false;
    if (other.from > booking.from) place = i - 1;
    if (other.from >= booking.to || other.to <= booking.from) continue;
    demand += other.demand;
    alone = false;
  }
  if (!alone && demand > capacity.n) return false;
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(place), {booking, booking.to});
  for (std::size_t i = std::max<std::size_t>(place, 1); i < all.size(); ++i)
    all[i].until = std::max(all[i - 1].until, all[i].to);
  return true;
}

Duration Bookings::busy(LinkId link) const {
  Duration busy;
  Time until;
  for (const Booking& booking : of_link_[link]) {
    if (!booking.measured || booking.to <= until) continue;
    busy += booking.to - std::max(booking.from, until);
    until = booking.to;
  }
  return busy;
}

}  // namespace orrery::sim
