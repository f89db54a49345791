#include "models/layout/layout.h"

#include <algorithm>

#include "models/layout/sharding.h"

namespace orrery::models {
namespace {

int degree(const LayoutSpec& spec, Axis axis) {
  switch (axis) {
    case Axis::tp:
      return spec.tp;
    case Axis::cp:
      return spec.cp;
    case Axis::dp:
      return spec.dp;
    case Axis::pp:
      return spec.pp;
    case Axis::ep:
      return 1;  // placed in the expert grid, not here
  }
  return 1;
}

// The axes of the expert grid inside a stage, fastest-changing first: etp where
// tp stands, ep where the order has it, or else in front of dp.
std::vector<Axis> expert_order(const LayoutSpec& spec) {
  const bool placed = std::find(spec.order.begin(), spec.order.end(), Axis::ep) != spec.order.end();
  std::vector<Axis> order;
  for (const Axis axis : spec.order) {
    if (axis == Axis::dp && !placed) order.push_back(Axis::ep);
    if (axis == Axis::tp || axis == Axis::ep || axis == Axis::dp) order.push_back(axis);
  }
  return order;
}

}  // namespace

Layout::Layout(const LayoutSpec& spec) : spec_(spec) {
  int stride = 1;
  for (Axis axis : spec.order) {
    if (axis == Axis::tp) tp_stride_ = stride;
    if (axis == Axis::cp) cp_stride_ = stride;
    if (axis == Axis::dp) dp_stride_ = stride;
    if (axis == Axis::pp) pp_stride_ = stride;
    stride *= degree(spec, axis);
  }
  stride = 1;
  for (const Axis axis : expert_order(spec)) {
    int& own = axis == Axis::tp ? etp_stride_ : axis == Axis::ep ? ep_stride_ : edp_stride_;
    own = stride;
    stride *= axis == Axis::tp ? spec.etp : axis == Axis::ep ? spec.ep : expert_replicas(spec_);
  }
  int begin = 0;
  for (const int replicas : spec.stage_replicas) {
    stage_begins_.push_back(begin);
    begin += replicas * spec.tp * spec.cp;
  }
}

Coordinate Layout::coordinate(RankId rank) const {
  const int r = static_cast<int>(rank.value);
  if (!stage_begins_.empty()) {
    const auto stage = std::upper_bound(stage_begins_.begin(), stage_begins_.end(), r) - stage_begins_.begin() - 1;
    const int in_stage = r - stage_begins_[static_cast<std::size_t>(stage)];
    return {in_stage / tp_stride_ % spec_.tp, 0, in_stage / dp_stride_, static_cast<int>(stage)};
  }
  return {r / tp_stride_ % spec_.tp, r / cp_stride_ % spec_.cp, r / dp_stride_ % spec_.dp, r / pp_stride_ % spec_.pp};
}

RankId Layout::rank(const Coordinate& at) const {
  if (!stage_begins_.empty())
    return {static_cast<std::uint32_t>(stage_begins_[static_cast<std::size_t>(at.pp)] + at.tp * tp_stride_ +
                                       at.dp * dp_stride_)};
  return {
      static_cast<std::uint32_t>(at.tp * tp_stride_ + at.cp * cp_stride_ + at.dp * dp_stride_ + at.pp * pp_stride_)};
}

ExpertCoordinate Layout::expert_coordinate(RankId rank) const {
  const int r = static_cast<int>(rank.value);
  // Position among the ranks of the stage: the pp digit is taken out.
  const int in_stage = r / (pp_stride_ * spec_.pp) * pp_stride_ + r % pp_stride_;
  return {in_stage / etp_stride_ % spec_.etp, in_stage / ep_stride_ % spec_.ep,
          in_stage / edp_stride_ % expert_replicas(spec_), r / pp_stride_ % spec_.pp};
}

int Layout::experts_per_domain(int domain_gpus) const {
  const ExpertCoordinate first = expert_coordinate({0});
  std::vector<int> domains;  // of the members of rank 0's group, in order
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(ranks()); ++r) {
    const ExpertCoordinate at = expert_coordinate({r});
    if (at.etp == first.etp && at.edp == first.edp && at.pp == first.pp)
      domains.push_back(static_cast<int>(r) / domain_gpus);
  }
  const auto each = std::count(domains.begin(), domains.end(), domains.front());
  for (std::size_t i = 0; i < domains.size(); ++i)
    if (domains[i] != domains[i / static_cast<std::size_t>(each) * static_cast<std::size_t>(each)]) return spec_.ep;
  return spec_.ep % each == 0 ? static_cast<int>(each) : spec_.ep;
}

std::string replicas_text(const LayoutSpec& spec) {
  std::string text;
  for (const int replicas : spec.stage_replicas) text += (text.empty() ? "" : "-") + std::to_string(replicas);
  return text;
}

std::vector<int> layers_of_stages(int layers, int chunks) {
  if (chunks < 1 || layers < 0 || chunks > layers + 2) return {};
  if (layers % chunks == 0) return std::vector<int>(chunks, layers / chunks);

  // Embedding and head weigh as much as a layer; what is left over goes to the middle.
  std::vector<int> units(chunks, (layers + 2) / chunks);
  const int rest = (layers + 2) % chunks;
  const int first = (chunks - rest) / 2;
  for (int i = first; i < first + rest; ++i) ++units[i];
  --units.front();
  --units.back();
  return units;
}

}  // namespace orrery::models
