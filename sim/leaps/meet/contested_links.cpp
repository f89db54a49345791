#include "sim/leaps/meet/contested_links.h"

#include <algorithm>

namespace orrery::sim {

void ContestedLinks::use(const LinkUses& uses, std::uint32_t route) {
  for (const LinkUse& use : uses) {
    Users& users = users_[use.link];
    const auto known = std::span(users.routes).first(std::min<std::size_t>(users.count, kMost));
    if (std::ranges::find(known, route) != known.end()) continue;
    if (users.count < kMost) users.routes[users.count] = route;
    ++users.count;
  }
}

bool ContestedLinks::operator()(const MeetingOrder& order, LinkId link) const {
  const Users& users = users_[link];
  if (users.count > kMost) return true;
  for (std::uint32_t i = 0; i < users.count; ++i)
    for (std::uint32_t j = 0; j <= i; ++j)
      if (!order.are_in_turn(users.routes[i], users.routes[j])) return true;
  return false;
}

}  // namespace orrery::sim
