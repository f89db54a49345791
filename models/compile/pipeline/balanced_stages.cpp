#include "models/compile/pipeline/balanced_stages.h"

#include <algorithm>
#include <limits>

#include "models/compile/pipeline/schedule_of.h"

namespace orrery::models {
namespace {

// Deals of the first layers among the first stages: `worth[s][n]` of the best one of n
// layers among s stages, and how many its last stage has.
class Deals {
 public:
  explicit Deals(const DealCosts& costs) : costs_(costs), layers_(costs.layers.front().size()) {
    for (const std::vector<std::int64_t>& stage : costs.layers) {
      std::vector<std::int64_t>& sums = sums_.emplace_back(1, 0);
      for (const std::int64_t layer : stage) sums.push_back(sums.back() + layer);
    }
  }

  std::int64_t load(std::size_t stage, std::size_t first, std::size_t last) const {
    return costs_.fixed[stage] + sums_[stage][last] - sums_[stage][first];
  }
  std::size_t fewest(std::size_t stage) const { return stage == 0 || stage + 1 == costs_.stages() ? 0 : 1; }

  // `join(so far, load)` of a deal with one stage more; infinity where it may not be.
  template <class Join>
  std::vector<int> best(Join join, double* value) const {
    constexpr double kNever = std::numeric_limits<double>::infinity();
    const std::size_t stages = costs_.stages();
    std::vector<std::vector<double>> worth(stages + 1, std::vector<double>(layers_ + 1, kNever));
    std::vector<std::vector<std::size_t>> begin(stages + 1, std::vector<std::size_t>(layers_ + 1, 0));
    worth[0][0] = 0;
    for (std::size_t s = 0; s < stages; ++s)
      for (std::size_t last = 0; last <= layers_; ++last)
        for (std::size_t first = 0; first + fewest(s) <= last; ++first) {
          if (worth[s][first] == kNever) continue;
          const double with = join(worth[s][first], load(s, first, last));
          if (with < worth[s + 1][last]) worth[s + 1][last] = with, begin[s + 1][last] = first;
        }
    if (value != nullptr) *value = worth[stages][layers_];
    if (worth[stages][layers_] == kNever) return {};
    std::vector<int> deal(stages);
    for (std::size_t s = stages, last = layers_; s > 0; --s) {
      const std::size_t first = begin[s][last];
      deal[s - 1] = static_cast<int>(last - first);
      last = first;
    }
    return deal;
  }

 private:
  const DealCosts& costs_;
  std::size_t layers_;
  std::vector<std::vector<std::int64_t>> sums_;  // [stage][layers before]
};

}  // namespace

std::vector<int> deal_layers(const DealCosts& costs) {
  if (costs.stages() == 0) return {};
  const Deals deals(costs);
  double longest = 0;
  const auto longer = [](double so_far, std::int64_t load) { return std::max(so_far, static_cast<double>(load)); };
  if (deals.best(longer, &longest).empty() || longest <= 0) return {};
  return deals.best(
      [longest](double so_far, std::int64_t load) {
        const double share = static_cast<double>(load) / longest;
        return share > 1 ? std::numeric_limits<double>::infinity() : so_far + share * share;
      },
      nullptr);
}

std::vector<int> balanced_stages(const Scenario& scenario, KernelTable& kernels) {
  const std::vector<std::vector<std::int64_t>> pieces = piece_costs(scenario, kernels);
  DealCosts costs;
  const std::size_t stages = scenario.pipeline.stage_layers.size();
  for (std::size_t stage = 0; stage < stages; ++stage) {
    const std::vector<std::int64_t>& here = pieces[stage % pieces.size()];
    costs.layers.emplace_back(here.begin() + 1, here.end() - 1);
    costs.fixed.push_back((stage == 0 ? here.front() : 0) + (stage + 1 == stages ? here.back() : 0));
  }
  return deal_layers(costs);
}

}  // namespace orrery::models
