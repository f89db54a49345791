// What transfers do to links: bytes and busy time of the measured step, loads for the trace.
#include <algorithm>

#include "sim/engine/impl.h"
#include "sim/phase.h"

namespace orrery::sim {

// Activities of the measured step alone: an overhang of the step before is that
// step's, and the measured step's own overhang counts.
void Engine::count_link_use(const Phase& phase, bool starts, Time when) {
  for (const LinkUse& use : *phase.uses) {
    std::uint32_t& users = link_users_[use.link.value];
    if (starts) {
      if (users++ == 0) link_busy_since_[use.link.value] = when;
      continue;
    }
    LinkLoad& load = result_.links.own(use.link);
    load.bytes += phase.bytes * use.connections;
    if (--users == 0) load.busy += when - link_busy_since_[use.link.value];
  }
}

void Engine::count_link_use_alone(const Phase& phase, Duration busy) {
  for (const LinkUse& use : *phase.uses) {
    LinkLoad& load = result_.links.own(use.link);
    load.bytes += phase.bytes * use.connections;
    load.busy += busy;
  }
}

void Engine::sample_later(const Phase& phase) {
  for (const LinkUse& use : *phase.uses) links_to_sample_.push_back(use.link);
}

void Engine::sample_links() {
  std::sort(links_to_sample_.begin(), links_to_sample_.end());
  for (const LinkId link : links_to_sample_) {
    const BytesPerSecond load = network_.load(link);
    if (load == link_sampled_[link.value]) continue;
    link_sampled_[link.value] = load;
    options_.trace->link({link, now_, load});
  }
  links_to_sample_.clear();
}

}  // namespace orrery::sim
