#include "interop/import/chakra/plain.h"

#include <set>

#include "interop/import/formats.h"

namespace orrery::interop::chakra {
namespace {

// "0-63", "0-56:8" or "0,3,4"; empty: too many to say.
std::string listed(const std::vector<std::uint32_t>& ranks) {
  const auto text = [](std::uint32_t rank) { return std::to_string(rank); };
  bool even = ranks.size() > 2;
  for (std::size_t i = 2; i < ranks.size(); ++i) even = even && ranks[i] - ranks[i - 1] == ranks[1] - ranks[0];
  if (even) {
    const std::uint32_t stride = ranks[1] - ranks[0];
    return text(ranks.front()) + "-" + text(ranks.back()) + (stride > 1 ? ":" + text(stride) : "");
  }
  std::string list;
  for (std::uint32_t rank : ranks) list += (list.empty() ? "" : ",") + text(rank);
  return list;
}

std::string command_of(const TraceNode& node, const World& world, const ImportOptions& options) {
  std::string command = "orrery collective " + std::string(to_string(node.collective)) + " --cluster " +
                        (options.cluster.empty() ? "dgx-h100" : options.cluster) + " --gpus " +
                        std::to_string(world.size);
  if (world.size > 8 && world.size % 8 != 0) command += " --gpus-per-node " + std::to_string(node_of(world.size));
  const auto members = world.members.find(node.group);
  if (world.size_of(node.group) < world.size && members != world.members.end())
    command += " --ranks " + listed(members->second);
  return command + " --bytes " + std::to_string(node.bytes);
}

}  // namespace

Error without_compute(const World& world, const ImportOptions& options) {
  constexpr std::size_t kMostCommands = 8;
  std::vector<std::string> commands;
  std::set<std::string> seen;
  std::size_t collectives = 0;
  for (const TraceNode& node : world.ranks[0].nodes) {
    if (node.kind != Kind::collective) continue;
    ++collectives;
    if (node.collective == Collective::barrier || node.bytes == 0 || world.size_of(node.group) < 2) continue;
    if (seen.size() < 4096 && seen.insert(std::to_string(static_cast<int>(node.collective)) + " " +
                                          std::to_string(node.bytes) + " " + node.group)
                                  .second)
      commands.push_back(command_of(node, world, options));
  }
  std::string what = "the trace has no compute (num_ops, duration_micros), so there is no model for a scenario: ";
  what += "rank 0 runs " + std::to_string(collectives) + (collectives == 1 ? " collective" : " collectives") +
          " among " + std::to_string(world.size) + (world.size == 1 ? " rank" : " ranks");
  if (!commands.empty()) what += ". How long it takes:";
  for (std::size_t i = 0; i < std::min(commands.size(), kMostCommands); ++i) what += "\n  " + commands[i];
  if (commands.size() > kMostCommands)
    what += "\n  (and " + std::to_string(commands.size() - kMostCommands) + " others of other sizes)";
  return {{world.ranks[0].file, 0, 0}, what};
}

}  // namespace orrery::interop::chakra
