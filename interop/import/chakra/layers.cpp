#include "interop/import/chakra/layers.h"

#include <algorithm>
#include <optional>

namespace orrery::interop::chakra {
namespace {

using Pass = NodeName::Pass;
using Rows = std::map<std::string, std::size_t>;  // by name

// Unnamed computes: all before the first that gradients follow go forward, if those behind are
// as many, or twice as many (two products each, of which the first layer may lack one).
void tell_by_order(RankStep& step, const Roles& roles, Layers& layers) {
  const auto count = step.computes.size();
  std::size_t first = count;
  for (const Transfer& transfer : roles.transfers) {
    if (transfer.role != Role::gradients) continue;
    const std::uint32_t before = step.work_before[transfer.node];
    const auto at = std::lower_bound(step.computes.begin(), step.computes.end(), before) - step.computes.begin();
    first = std::min(first, static_cast<std::size_t>(at));
  }
  const std::size_t back = count - first;
  const bool once = back == first, twice = back == 2 * first || back + 1 == 2 * first;
  if (first == 0 || first == count || (!once && !twice)) return;
  layers.by_order = true;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t mirrored = i < first ? i : first - 1 - std::min(first - 1, (i - first) / (once ? 1 : 2));
    step.pass[step.computes[i]] = i < first ? Pass::forward : Pass::backward;
    step.layer[step.computes[i]] = "layer" + std::to_string(mirrored);
  }
}

void add_forward(const TraceNode& node, Layer& row) {
  row.operations += static_cast<double>(node.operations);
  if (node.operations == 0) row.microseconds += static_cast<double>(node.microseconds);
  row.tensor_bytes += static_cast<double>(node.tensor_bytes);
}

void add_backward(const TraceNode& node, Layer& row) {
  row.backward_operations += static_cast<double>(node.operations);
  if (node.operations == 0) row.backward_microseconds += static_cast<double>(node.microseconds);
}

// A compute that nothing names a layer for is a row of its own.
std::string row_name(const RankStep& step, std::uint32_t node, const Layers& layers) {
  const Pass pass = step.pass[node];
  if (!step.layer[node].empty() && (pass != Pass::unknown) && (step.named || layers.by_order)) return step.layer[node];
  return "op" + std::to_string(node) + (step.trace->nodes[node].name.empty() ? "" : " ") + step.trace->nodes[node].name;
}

Rows add_computes(const RankStep& step, Layers& layers) {
  Rows rows;
  for (std::uint32_t i : step.computes) {
    const TraceNode& node = step.trace->nodes[i];
    if (step.pass[i] == Pass::backward) continue;
    if (step.pass[i] == Pass::update) {
      layers.updates += static_cast<double>(node.operations > 0 ? node.operations : node.microseconds);
      continue;
    }
    const std::string name = row_name(step, i, layers);
    const auto [row, is_new] = rows.emplace(name, layers.rows.size());
    if (is_new) layers.rows.push_back({name});
    add_forward(node, layers.rows[row->second]);
  }
  for (std::uint32_t i : step.computes) {
    if (step.pass[i] != Pass::backward) continue;
    layers.backward = true;
    const auto row = rows.find(step.layer[i]);
    if (row == rows.end())
      ++layers.unplaced;
    else
      add_backward(step.trace->nodes[i], layers.rows[row->second]);
  }
  return rows;
}

// The row of a gradient: by its own name, which tensors of a symbolic graph have, or by the
// compute before it.
std::optional<std::size_t> row_of(const RankStep& step, std::uint32_t node, const Layers& layers, const Rows& rows) {
  if (const auto named = rows.find(name_of(step.trace->nodes[node].name).layer); named != rows.end())
    return named->second;
  const std::uint32_t before = step.work_before[node];
  if (before == RankStep::kNone) return std::nullopt;
  const auto found = rows.find(row_name(step, before, layers));
  if (found != rows.end()) return found->second;
  const auto layer = rows.find(step.layer[before]);
  return layer == rows.end() ? std::nullopt : std::optional(layer->second);
}

}  // namespace

Layers layers_of(RankStep& step, const Roles& roles) {
  Layers layers;
  if (!step.named) tell_by_order(step, roles, layers);
  const Rows rows = add_computes(step, layers);
  for (const Transfer& transfer : roles.transfers) {
    const TraceNode& node = step.trace->nodes[transfer.node];
    if (transfer.role != Role::gradients || !reduces(node.collective)) continue;
    const auto row = row_of(step, transfer.node, layers, rows);
    (row ? layers.rows[*row].gradient_bytes : layers.unplaced_bytes) += static_cast<double>(node.bytes);
  }
  return layers;
}

}  // namespace orrery::interop::chakra
