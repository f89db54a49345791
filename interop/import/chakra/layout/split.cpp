#include "interop/import/chakra/layout/split.h"

#include <algorithm>
#include <set>

namespace orrery::interop::chakra {
namespace {

std::string ranks(std::int64_t size) {
  return std::to_string(size) + " ranks";
}

// The groups of one role by the number of their ranks, with the bytes that a step moves.
std::map<std::int64_t, std::int64_t> sizes_of(Role role, const World& world, const std::vector<Roles>& stages) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (const Roles& roles : stages)
    for (const auto& [name, group] : roles.groups)
      if (const std::int64_t bytes = group.bytes[index_of(role)]; bytes > 0) {
        std::int64_t& sum = sizes[world.size_of(name)];
        constexpr std::int64_t kMost = std::int64_t{1} << 61;
        sum = std::min(sum, kMost) + std::min(bytes, kMost);
      }
  return sizes;
}

// The size with the most bytes; the others are told.
std::int64_t main_size(Role role, const std::string& what, const World& world, const std::vector<Roles>& stages,
                       Split& split) {
  const auto sizes = sizes_of(role, world, stages);
  if (sizes.empty()) return 1;
  const auto most =
      std::max_element(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [size, bytes] : sizes)
    if (size != most->first)
      split.remarks.push_back(what + " among " + ranks(size) + " too, " + std::to_string(bytes) +
                              " bytes a step: not in the layout");
  return most->first;
}

bool any_mixed(const std::vector<Roles>& stages) {
  for (const Roles& roles : stages)
    for (const auto& [name, group] : roles.groups)
      if (group.mixed) return true;
  return false;
}

// Shards of gradients and parameters: ZeRO, by what is gathered when.
void set_zero(const std::vector<RankStep>& steps, const std::vector<Roles>& stages, Split& split) {
  std::int64_t scattered = 0, before = 0, gathered = 0;
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (const Transfer& transfer : stages[s].transfers) {
      const Collective collective = steps[s].trace->nodes[transfer.node].collective;
      const bool scatters = collective == Collective::reduce_scatter || collective == Collective::reduce_scatter_block;
      scattered += transfer.role == Role::gradients && scatters;
      gathered += transfer.role == Role::parameters;
      before += transfer.role == Role::parameters && transfer.feeds_work;
    }
  if (gathered == 0 || (scattered == 0 && before == 0)) return;
  split.zero = before > 0 ? 3 : 2;
  split.zero_why = before > 0 ? "parameters are gathered before they are used"
                              : "gradients are scattered and parameters gathered; 1 would exchange the same";
}

// Collectives that no layout key stands for, by kind and number of ranks.
void tell_others(const World& world, const std::vector<RankStep>& steps, const std::vector<Roles>& stages,
                 Split& split) {
  struct Sum {
    std::int64_t count = 0;
    double bytes = 0;
  };
  std::map<std::pair<Collective, std::int64_t>, Sum> others;
  bool dimensions = false;
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (const Transfer& transfer : stages[s].transfers) {
      const TraceNode& node = steps[s].trace->nodes[transfer.node];
      dimensions = dimensions || node.some_dimensions;
      if (transfer.role != Role::unknown || world.size_of(node.group) < 2) continue;
      Sum& sum = others[{node.collective, world.size_of(node.group)}];
      ++sum.count;
      sum.bytes += static_cast<double>(node.bytes);
    }
  for (const auto& [what, sum] : others)
    split.remarks.push_back(std::to_string(sum.count) + " " + std::string(to_string(what.first)) + " among " +
                            ranks(what.second) + ", " + std::to_string(static_cast<std::int64_t>(sum.bytes)) +
                            " bytes a step: not in the layout" +
                            (what.first == Collective::all_to_all ? " (experts, or Ulysses?)" : ""));
  if (dimensions)
    split.remarks.push_back(
        "some collectives run over some dimensions of a network (involved_dim), which the trace does not hold: taken "
        "as of " +
        ranks(world.size));
}

}  // namespace

Split split_of(const World& world, const Pipeline& pipeline, const std::vector<RankStep>& steps,
               const std::vector<Roles>& roles) {
  Split split;
  if (!pipeline.doubt.empty()) split.remarks.push_back(pipeline.doubt);
  split.dp = main_size(Role::gradients, "gradients are reduced", world, roles, split);
  if (split.dp == 1 && !sizes_of(Role::parameters, world, roles).empty())
    split.dp = main_size(Role::parameters, "parameters are gathered", world, roles, split);
  const bool mixed = any_mixed(roles);
  if (mixed)
    split.remarks.push_back(
        "activations and gradients are exchanged by the same ranks: which of them split layers (tp) and "
        "which samples (dp) is not in the trace; only dp is in the layout");
  else
    split.tp = main_size(Role::activations, "activations are exchanged", world, roles, split);
  set_zero(steps, roles, split);
  tell_others(world, steps, roles, split);
  const auto stages = static_cast<std::int64_t>(pipeline.stages.size());
  const std::int64_t replica = split.tp * stages;
  if (replica * split.dp == world.size) return split;
  const std::string said = "tp*pp*dp = " + std::to_string(split.tp) + "*" + std::to_string(stages) + "*" +
                           std::to_string(split.dp) + " by the groups of its collectives, but there are " +
                           ranks(world.size);
  if (world.size % replica != 0) split.tp = 1;
  split.remarks.push_back(said);
  split.dp = 0;
  return split;
}

}  // namespace orrery::interop::chakra
