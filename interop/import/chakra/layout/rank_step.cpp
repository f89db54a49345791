#include "interop/import/chakra/layout/rank_step.h"

#include <algorithm>
#include <map>

namespace orrery::interop::chakra {
namespace {

using Pass = NodeName::Pass;
using Times = std::map<std::string, std::int64_t>;

// How often each name comes, if all come equally often; else 1.
std::int64_t common_times(const Times& times) {
  const std::int64_t first = times.empty() ? 1 : times.begin()->second;
  const bool same = std::all_of(times.begin(), times.end(), [&](const auto& entry) { return entry.second == first; });
  return same ? first : 1;
}

bool all_divide(const Times& times, std::int64_t by) {
  return !times.empty() &&
         std::all_of(times.begin(), times.end(), [&](const auto& entry) { return entry.second % by == 0; });
}

// The first 1/parts of each name's nodes, in their order.
std::vector<std::uint32_t> first_part(const std::vector<std::uint32_t>& nodes, const std::vector<std::string>& names,
                                      const Times& times, std::int64_t parts) {
  Times seen;
  std::vector<std::uint32_t> kept;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (seen[names[i]]++ < times.at(names[i]) / parts) kept.push_back(nodes[i]);
  return kept;
}

struct Named {
  std::vector<std::uint32_t> nodes;
  std::vector<std::string> names;
  Times times;

  void add(std::uint32_t node, const std::string& name) {
    nodes.push_back(node);
    names.push_back(name);
    ++times[name];
  }
};

// A compute that no name places comes after the forward pass where it takes what the backward pass made.
void pass_on_backward(RankStep& step) {
  std::vector<bool> after(step.pass.size(), false);
  for (std::uint32_t i = 0; i < step.pass.size(); ++i) {
    for (std::uint32_t need : step.needs(i)) after[i] = after[i] || after[need] || step.pass[need] == Pass::backward;
    const TraceNode& node = step.trace->nodes[i];
    if (node.works() && step.pass[i] == Pass::unknown) step.pass[i] = after[i] ? Pass::update : Pass::forward;
    if (step.pass[i] == Pass::forward) after[i] = false;  // the next micro-batch, or the next step
  }
}

void find_work_before(RankStep& step) {
  const auto& nodes = step.trace->nodes;
  step.work_before.assign(nodes.size(), RankStep::kNone);
  const auto take = [&](std::uint32_t at, std::uint32_t need) {
    const std::uint32_t work = nodes[need].works() ? need : step.work_before[need];
    std::uint32_t& best = step.work_before[at];
    if (work != RankStep::kNone && (best == RankStep::kNone || work > best)) best = work;
  };
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    for (std::uint32_t need : step.needs(i)) take(i, need);
    if (!step.chained && i > 0) take(i, i - 1);
  }
}

}  // namespace

RankStep step_of(const RankTrace& trace) {
  RankStep step;
  step.trace = &trace;
  step.pass.resize(trace.nodes.size(), Pass::unknown);
  step.layer.resize(trace.nodes.size());
  const auto any = [&](auto needs) {
    return std::any_of(trace.nodes.begin(), trace.nodes.end(), [&](const TraceNode& n) { return !(n.*needs).empty(); });
  };
  step.by_data = any(&TraceNode::needs_data);
  step.chained = any(&TraceNode::needs);
  Named computes, transfers, updates;
  bool micro_batches = false;
  for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
    const TraceNode& node = trace.nodes[i];
    if (!node.works() && node.kind != Kind::collective) continue;
    NodeName name = name_of(node.name);
    if (node.kind == Kind::collective) {
      transfers.add(i, name.repeated);
      continue;
    }
    // An update comes once a step, however many micro-batches there are.
    (name.pass == Pass::update ? updates : computes).add(i, name.repeated);
    micro_batches = micro_batches || name.micro_batch;
    step.pass[i] = name.pass;
    step.layer[i] = std::move(name.layer);
    step.named = step.named || name.pass == Pass::backward;
  }
  // Names that say the pass name one thing each: what comes again is run again.
  const std::int64_t times = step.named ? common_times(computes.times) : 1;
  const bool whole_steps = times > 1 && !micro_batches && all_divide(transfers.times, times);
  (whole_steps ? step.steps : step.micro_batches) = times;
  step.computes = first_part(computes.nodes, computes.names, computes.times, times);
  const std::int64_t updated = whole_steps && all_divide(updates.times, times) ? times : 1;
  for (std::uint32_t update : first_part(updates.nodes, updates.names, updates.times, updated))
    step.computes.push_back(update);
  std::sort(step.computes.begin(), step.computes.end());
  step.transfers = first_part(transfers.nodes, transfers.names, transfers.times, whole_steps ? times : 1);
  if (step.named) pass_on_backward(step);
  find_work_before(step);
  return step;
}

}  // namespace orrery::interop::chakra
