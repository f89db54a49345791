#include "interop/import/chakra/read/order.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>

namespace orrery::interop::chakra {
namespace {

using Edges = std::vector<std::vector<std::uint32_t>>;

// Places of the ids that are there, without repeats; how many are not.
std::vector<std::uint32_t> places(const std::vector<std::uint64_t>& ids,
                                  const std::map<std::uint64_t, std::uint32_t>& place_of, std::int64_t& missing) {
  std::vector<std::uint32_t> found;
  for (std::uint64_t id : ids) {
    const auto place = place_of.find(id);
    if (place == place_of.end())
      ++missing;
    else
      found.push_back(place->second);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Kahn's algorithm; shorter than `nodes` where there is a cycle.
std::vector<std::uint32_t> topological(const std::vector<TraceNode>& nodes) {
  Edges waiting(nodes.size());
  std::vector<std::size_t> open(nodes.size());
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    open[i] = nodes[i].needs.size();
    for (std::uint32_t need : nodes[i].needs) waiting[need].push_back(i);
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    if (open[i] == 0) ready.push(i);
  std::vector<std::uint32_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (std::uint32_t next : waiting[order.back()])
      if (--open[next] == 0) ready.push(next);
  }
  return order;
}

// The first node of a cycle: from any that never ran, back along those that never ran.
const TraceNode& of_cycle(const std::vector<TraceNode>& nodes, const std::vector<std::uint32_t>& order) {
  std::vector<bool> done(nodes.size(), false), seen(nodes.size(), false);
  for (std::uint32_t i : order) done[i] = true;
  auto at = static_cast<std::uint32_t>(std::find(done.begin(), done.end(), false) - done.begin());
  while (!seen[at]) {
    seen[at] = true;
    at = *std::find_if(nodes[at].needs.begin(), nodes[at].needs.end(), [&](std::uint32_t n) { return !done[n]; });
  }
  return nodes[at];
}

std::vector<TraceNode> arranged(std::vector<TraceNode> nodes, const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> place(nodes.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<TraceNode> sorted;
  for (std::uint32_t i : order) {
    for (auto* needs : {&nodes[i].needs, &nodes[i].needs_data})
      for (std::uint32_t& need : *needs) need = place[need];
    sorted.push_back(std::move(nodes[i]));
  }
  return sorted;
}

}  // namespace

Error fault_at(const std::string& file, std::size_t byte, const std::string& what) {
  return {{file, 0, 0}, "at byte " + std::to_string(byte) + ": " + what};
}

Result<RankTrace> ordered(Unordered unordered, const std::string& file) {
  RankTrace trace;
  trace.file = file;
  std::vector<TraceNode>& nodes = unordered.nodes;
  std::map<std::uint64_t, std::uint32_t> place_of;
  Errors errors;
  for (std::uint32_t i = 0; i < nodes.size() && errors.size() < 20; ++i)
    if (!place_of.emplace(nodes[i].id, i).second)
      errors.push_back(fault_at(file, nodes[i].at,
                                "a second node of id " + std::to_string(nodes[i].id) + "; the first is at byte " +
                                    std::to_string(nodes[place_of[nodes[i].id]].at)));
  if (!errors.empty()) return errors;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    nodes[i].needs_data = places(unordered.data[i], place_of, trace.missing);
    std::vector<std::uint64_t> all = unordered.data[i];
    std::int64_t counted = 0;
    (void)places(unordered.control[i], place_of, trace.missing);
    all.insert(all.end(), unordered.control[i].begin(), unordered.control[i].end());
    nodes[i].needs = places(all, place_of, counted);
  }
  const std::vector<std::uint32_t> order = topological(nodes);
  if (order.size() < nodes.size()) {
    const TraceNode& stuck = of_cycle(nodes, order);
    return fault_at(file, stuck.at, "node " + std::to_string(stuck.id) + " waits for itself, through its dependencies");
  }
  trace.nodes = arranged(std::move(nodes), order);
  return trace;
}

}  // namespace orrery::interop::chakra
