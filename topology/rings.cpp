#include "topology/rings.h"

#include <algorithm>
#include <numeric>

namespace orrery::topology {
namespace {

using Order = std::vector<std::uint32_t>;

// Half NVLinks: rings may split one, as channels of half the speed do.
constexpr std::int64_t kPartsOfALink = 2;

// Parts of direct links left between members; the least direct link is one link.
class Ties {
 public:
  Ties(const Fabric& fabric, std::span<const RankId> members)
      : n_(static_cast<std::uint32_t>(members.size())), left_(members.size() * members.size(), 0) {
    std::vector<std::int64_t> rate(left_.size(), 0);
    std::int64_t least = INT64_MAX;
    std::vector<LinkId> route;
    for (std::uint32_t a = 0; a < n_; ++a)
      for (std::uint32_t b = 0; b < n_; ++b) {
        route.clear();
        fabric.route(members[a], members[b], route);
        if (route.size() != 1) continue;
        rate[a * n_ + b] = fabric.links()[route[0]].capacity.n;
        least = std::min(least, rate[a * n_ + b]);
      }
    for (std::size_t i = 0; i < left_.size(); ++i) left_[i] = rate[i] * kPartsOfALink / least;
  }

  std::int64_t left(std::uint32_t a, std::uint32_t b) const { return left_[a * n_ + b]; }

  // A ring over what is left, the ties with most left first; empty where none is.
  Order ring() const {
    Order order = {0};
    std::vector<bool> used(n_, false);
    used[0] = true;
    return extend(order, used) ? order : Order{};
  }

  void take(const Order& order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::uint32_t a = order[i], b = order[(i + 1) % order.size()];
      --left_[a * n_ + b], --left_[b * n_ + a];
    }
  }

 private:
  bool extend(Order& order, std::vector<bool>& used) const {
    const std::uint32_t last = order.back();
    if (order.size() == n_) return left(last, 0) > 0 && left(0, last) > 0;
    Order next;
    for (std::uint32_t v = 0; v < n_; ++v)
      if (!used[v] && left(last, v) > 0 && left(v, last) > 0) next.push_back(v);
    std::stable_sort(next.begin(), next.end(), [&](auto a, auto b) { return left(last, a) > left(last, b); });
    for (std::uint32_t v : next) {
      order.push_back(v), used[v] = true;
      if (extend(order, used)) return true;
      order.pop_back(), used[v] = false;
    }
    return false;
  }

  std::uint32_t n_;
  std::vector<std::int64_t> left_;
};

}  // namespace

std::vector<Order> disjoint_rings(const Fabric& fabric, std::span<const RankId> members) {
  // A search: more GPUs than a node without switches has are not searched.
  constexpr std::size_t kMost = 8;
  std::vector<Order> rings;
  Order given(members.size());
  std::iota(given.begin(), given.end(), 0u);
  if (!fabric.any_order() && members.size() > 2 && members.size() <= kMost) {
    Ties ties(fabric, members);
    for (Order order = ties.ring(); !order.empty(); order = ties.ring()) {
      ties.take(order);
      rings.push_back(order);
      std::reverse(order.begin(), order.end());
      rings.push_back(std::move(order));
    }
  }
  if (rings.empty()) rings.push_back(std::move(given));
  return rings;
}

}  // namespace orrery::topology
