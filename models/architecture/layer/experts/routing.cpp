#include "models/architecture/layer/experts/routing.h"

#include <algorithm>
#include <numeric>

#include "models/compute/portable_math.h"
#include "sim/base/random.h"

namespace orrery::models {
namespace {

using Loads = std::vector<double>;

// Inverse of the distribution function of x^-exponent on [1, most], from the top.
double power_law_quantile(double share_above, double exponent, double most) {
  const double power = 1 - exponent;
  if (power < 1e-9 && power > -1e-9) return portable_pow(most, 1 - share_above);
  const double at_most = portable_pow(most, power);
  return portable_pow(at_most + (1 - at_most) * share_above, 1 / power);
}

// Popularity by rank, the most popular first.
Loads falling(const MoeSpec& moe) {
  Loads loads(static_cast<std::size_t>(moe.experts));
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const double rank = static_cast<double>(i);
    loads[i] = moe.routing == "zipf" ? portable_pow(rank + 1, -moe.skew)
                                     : power_law_quantile((rank + 0.5) / moe.experts, moe.skew, moe.experts);
  }
  return loads;
}

void scale_to_mean_one(Loads& loads) {
  const double sum = std::accumulate(loads.begin(), loads.end(), 0.0);
  for (double& load : loads) load *= static_cast<double>(loads.size()) / sum;
}

// What lies above the cap goes to the others in proportion, until none does.
void cap(Loads& loads, double most) {
  scale_to_mean_one(loads);
  for (std::size_t round = 0; round < loads.size(); ++round) {
    double full = 0, rest = 0;
    for (const double load : loads) (load >= most ? full : rest) += load >= most ? most : load;
    const double free = static_cast<double>(loads.size()) - full;
    if (rest <= 0 || std::none_of(loads.begin(), loads.end(), [&](double load) { return load > most; })) return;
    for (double& load : loads) load = load >= most ? most : load * free / rest;
  }
}

// Experts in an order of their own for every layer.
Loads shuffled(const Loads& loads, int layer, std::uint64_t seed) {
  const KeyedRandom layers(seed);
  const KeyedRandom draw(layers.bits(static_cast<std::uint64_t>(layer)));
  std::vector<std::size_t> order(loads.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return draw.bits(a) < draw.bits(b); });
  Loads result(loads.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = loads[i];
  return result;
}

}  // namespace

Loads expert_loads(const MoeSpec& moe, int layer, std::uint64_t seed) {
  Loads loads(static_cast<std::size_t>(moe.experts), 1.0);
  if (moe.routing == "balanced") return loads;
  if (!moe.loads.empty())
    loads = moe.loads[static_cast<std::size_t>(layer) % moe.loads.size()];
  else
    loads = shuffled(falling(moe), layer, seed);
  cap(loads, static_cast<double>(moe.experts) / moe.top_k);
  return loads;
}

Loads rank_loads(const MoeSpec& moe, int ep, int layer, std::uint64_t seed) {
  Loads ranks(static_cast<std::size_t>(ep), 1.0);
  if (moe.even()) return ranks;
  const Loads loads = expert_loads(moe, layer, seed);
  const std::size_t each = loads.size() / ranks.size();
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const auto first = loads.begin() + static_cast<std::ptrdiff_t>(r * each);
    ranks[r] = std::accumulate(first, first + static_cast<std::ptrdiff_t>(each), 0.0) / static_cast<double>(each);
  }
  return ranks;
}

}  // namespace orrery::models
