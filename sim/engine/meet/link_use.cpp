// What transfers load links with, for the trace.
#include <algorithm>

#include "sim/engine/impl.h"
#include "sim/phase.h"

namespace orrery::sim {

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
