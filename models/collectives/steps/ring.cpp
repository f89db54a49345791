#include <algorithm>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {

using sim::TransferKind;

namespace {

// Every rank passes a part on, n - 1 times; to reduce all, twice.
MaybeSteps rounds(TransferKind kind, int ranks, std::vector<Message> messages) {
  if (ranks < 2) return Steps{};
  Step around{std::move(messages), ranks - 1, kind == TransferKind::reduce_scatter};
  if (kind == TransferKind::all_gather || kind == TransferKind::reduce_scatter) return Steps{around};
  if (kind != TransferKind::all_reduce) return std::nullopt;
  Step adding = around;
  adding.reduces = true;
  return Steps{adding, around};
}

// Ring `first` passes each domain from one member to the one before it, and the next
// domain from the member on the rail by which it left.
std::vector<std::uint32_t> order_of(const Places& places, std::size_t first) {
  std::vector<std::uint32_t> order;
  for (const auto& domain : places.domains) {
    for (std::size_t i = 0; i < domain.size(); ++i) order.push_back(domain[(first + i) % domain.size()]);
    first = (first + domain.size() - 1) % domain.size();
  }
  return order;
}

}  // namespace

MaybeSteps ring_steps_of(TransferKind kind, int ranks, double bytes) {
  const auto n = static_cast<std::uint32_t>(ranks);
  std::vector<Message> messages;
  for (std::uint32_t r = 0; r < n; ++r) messages.push_back({r, (r + 1) % n, bytes / n});
  return rounds(kind, ranks, std::move(messages));
}

int rails_of(const Places& places) {
  const std::size_t g = places.domains.empty() ? 1 : places.domains.front().size();
  const bool even =
      std::all_of(places.domains.begin(), places.domains.end(), [g](const auto& domain) { return domain.size() == g; });
  return places.domains.size() > 1 && even ? static_cast<int>(g) : 1;
}

MaybeSteps rings_over_rails(TransferKind kind, const Places& places, double bytes) {
  const int rails = rails_of(places);
  std::vector<Message> messages;
  for (int rail = 0; rail < rails; ++rail) {
    const std::vector<std::uint32_t> order = order_of(places, static_cast<std::size_t>(rail));
    for (std::size_t i = 0; i < order.size(); ++i)
      messages.push_back(
          {order[i], order[(i + 1) % order.size()], bytes / places.ranks / rails, static_cast<std::uint32_t>(rail)});
  }
  return rounds(kind, places.ranks, std::move(messages));
}

MaybeSteps pairwise_steps(TransferKind kind, int ranks, double bytes) {
  if (kind != TransferKind::all_to_all) return std::nullopt;
  const auto n = static_cast<std::uint32_t>(ranks);
  Steps steps;
  for (std::uint32_t distance = 1; distance < n; ++distance) {
    Step& step = steps.emplace_back();
    for (std::uint32_t r = 0; r < n; ++r) step.messages.push_back({r, (r + distance) % n, bytes / n});
  }
  return steps;
}

}  // namespace orrery::models
