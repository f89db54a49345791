#include "sim/network/link_counts.h"

namespace orrery::sim {

void LinkCounts::start(const Phase& phase, Time when) {
  for (const LinkUse& use : *phase.uses)
    if (users_[use.link.value]++ == 0) busy_since_[use.link.value] = when;
}

void LinkCounts::end(const Phase& phase, Time when, LinkLoads& loads) {
  for (const LinkUse& use : *phase.uses) {
    LinkLoad& load = loads.own(use.link);
    load.bytes += phase.bytes * use.connections;
    if (--users_[use.link.value] == 0) load.busy += when - busy_since_[use.link.value];
  }
}

void LinkCounts::add_alone(const Phase& phase, Duration busy, std::int64_t times, LinkLoads& loads) {
  for (const LinkUse& use : *phase.uses) {
    LinkLoad& load = loads.own(use.link);
    load.bytes += phase.bytes * use.connections * times;
    load.busy += busy * times;
  }
}

}  // namespace orrery::sim
