#include "interop/import/chakra/layout/rank_order.h"

#include <algorithm>

namespace orrery::interop::chakra {
namespace {

struct Axis {
  const char* name;
  std::int64_t stride = 0;  // between neighbours; 0: one rank, or not told
};

// Of the group that carries most of this role among `size` ranks.
std::int64_t stride_of(const World& world, const Roles& roles, Role role, std::int64_t size) {
  std::int64_t most = 0, stride = 0;
  for (const auto& [name, group] : roles.groups) {
    const auto members = world.members.find(name);
    if (world.size_of(name) != size || group.bytes[index_of(role)] <= most || members->second.size() < 2) continue;
    most = group.bytes[index_of(role)];
    stride = static_cast<std::int64_t>(members->second[1]) - members->second[0];
  }
  return stride;
}

}  // namespace

std::string rank_order(const World& world, const Pipeline& pipeline, const Roles& roles, const Split& split) {
  Axis tp{"tp"}, dp{"dp"}, pp{"pp"};
  if (split.tp > 1) tp.stride = stride_of(world, roles, Role::activations, split.tp);
  if (split.dp > 1) dp.stride = stride_of(world, roles, Role::gradients, split.dp);
  if (pipeline.stages.size() > 1) pp.stride = std::int64_t{pipeline.stages[1]} - pipeline.stages[0];
  std::vector<Axis> told;
  for (const Axis& axis : {tp, dp, pp})
    if (axis.stride > 0) told.push_back(axis);
  const auto nearer = [](const Axis& a, const Axis& b) { return a.stride < b.stride; };
  if (std::is_sorted(told.begin(), told.end(), nearer)) return "";
  std::stable_sort(told.begin(), told.end(), nearer);
  std::string order;
  for (const Axis& axis : told) order += (order.empty() ? "[" : ", ") + std::string(axis.name);
  // Axes of one rank are anywhere.
  for (const Axis& axis : {tp, Axis{"cp"}, dp, pp})
    if (axis.stride <= 0) order += ", " + std::string(axis.name);
  return order + "]";
}

}  // namespace orrery::interop::chakra
