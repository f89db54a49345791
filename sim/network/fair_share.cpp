#include "sim/network/fair_share.h"

#include <algorithm>

namespace orrery::sim {

void FairShare::clear() {
  links_.clear();
  activities_.clear();
  uses_.clear();
}

std::uint32_t FairShare::add_link(BytesPerSecond capacity) {
  links_.push_back({.left = capacity.n});
  return static_cast<std::uint32_t>(links_.size() - 1);
}

std::uint32_t FairShare::add_activity(BytesPerSecond max_rate) {
  activities_.push_back({.max_rate = max_rate.n, .first_use = static_cast<std::uint32_t>(uses_.size())});
  return static_cast<std::uint32_t>(activities_.size() - 1);
}

void FairShare::add_use(std::uint32_t link, std::int64_t connections) {
  uses_.push_back({link, connections});
  links_[link].growing += connections;
  ++links_[link].users;
}

void FairShare::solve() {
  activities_.push_back({.first_use = static_cast<std::uint32_t>(uses_.size())});  // a fence
  index_users();
  line_up();
  std::size_t next = 0;
  while (true) {
    while (next < by_limit_.size() && activities_[by_limit_[next]].rate != kGrowing) ++next;
    if (next == by_limit_.size()) break;
    const std::int64_t limit = activities_[by_limit_[next]].max_rate;
    const std::int64_t level = refresh_top() ? std::min(limit, heap_.front().level) : limit;
    take_links_at(level);
    for (; next < by_limit_.size() && activities_[by_limit_[next]].max_rate == level; ++next)
      stop(by_limit_[next], level);
    for (const std::uint32_t link : full_) {
      const LinkState& at = links_[link];
      for (std::uint32_t i = 0; i < at.users; ++i) stop(users_[at.first_user + i], level);
    }
  }
  activities_.pop_back();
}

void FairShare::index_users() {
  std::uint32_t first = 0;
  for (LinkState& link : links_) {
    link.first_user = first;
    first += link.users;
    link.users = 0;
  }
  users_.resize(uses_.size());
  for (std::uint32_t a = 0; a + 1 < activities_.size(); ++a) {
    for (std::uint32_t u = activities_[a].first_use; u < activities_[a + 1].first_use; ++u) {
      LinkState& link = links_[uses_[u].link];
      users_[link.first_user + link.users++] = a;
    }
  }
}

// Who stops first: activities by their limits, links by their levels.
void FairShare::line_up() {
  by_limit_.clear();
  for (std::uint32_t a = 0; a + 1 < activities_.size(); ++a) by_limit_.push_back(a);
  std::sort(by_limit_.begin(), by_limit_.end(),
            [this](std::uint32_t a, std::uint32_t b) { return activities_[a].max_rate < activities_[b].max_rate; });
  heap_.clear();
  for (std::uint32_t l = 0; l < links_.size(); ++l) {
    if (links_[l].growing > 0) heap_.push_back({links_[l].level(), l});
  }
  std::make_heap(heap_.begin(), heap_.end());
}

// Levels only rise, so a candidate whose level is out of date goes back further
// down. False if no link is left on which anyone grows.
bool FairShare::refresh_top() {
  while (!heap_.empty()) {
    const Candidate top = heap_.front();
    const LinkState& link = links_[top.link];
    if (link.growing > 0 && link.level() == top.level) return true;
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    if (link.growing == 0) continue;
    heap_.push_back({link.level(), top.link});
    std::push_heap(heap_.begin(), heap_.end());
  }
  return false;
}

// All links of the level, before anyone stops: a link whose level would rise
// because of the others in its round must not escape by the order of the heap.
void FairShare::take_links_at(std::int64_t level) {
  full_.clear();
  while (refresh_top() && heap_.front().level == level) {
    full_.push_back(heap_.front().link);
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
  }
}

void FairShare::stop(std::uint32_t activity, std::int64_t rate) {
  ActivityState& a = activities_[activity];
  if (a.rate != kGrowing) return;
  a.rate = rate;
  for (std::uint32_t u = a.first_use; u < activities_[activity + 1].first_use; ++u) {
    LinkState& link = links_[uses_[u].link];
    link.growing -= uses_[u].connections;
    link.left -= uses_[u].connections * rate;
  }
}

}  // namespace orrery::sim
