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

// What stands behind a compute of the forward pass.
using Behind = std::map<std::uint32_t, std::vector<const TraceNode*>>;

Behind exchanges_behind(const RankStep& step, const Roles& roles, const Exchanges& exchanges) {
  Behind behind;
  if (exchanges.ranks == 1) return behind;
  for (const Transfer& transfer : roles.transfers) {
    const TraceNode& node = step.trace->nodes[transfer.node];
    const bool counts = transfer.role == Role::activations && exchanges.world.size_of(node.group) == exchanges.ranks;
    const std::uint32_t before = step.work_before[transfer.node];
    if (!counts || before == RankStep::kNone) continue;
    const Pass pass = step.pass[before];
    if (pass == Pass::forward || pass == Pass::unknown) behind[before].push_back(&node);
  }
  return behind;
}

void close(const std::vector<const TraceNode*>& behind, Layer& row) {
  for (const TraceNode* node : behind) {
    const bool gathers = node->collective == Collective::all_gather;
    const bool sums = node->collective == Collective::all_reduce;
    row.gathered = row.gathered || gathers;
    if (row.behind > Exchange::gathers) continue;  // a gather behind a scatter, of the same output
    row.behind = gathers ? Exchange::gathers : sums ? Exchange::sums : Exchange::scatters;
    row.exchanged_bytes = node->bytes;
  }
}

// Rows as computes come to them: one a layer, and one more behind each exchange in its midst.
class GrowingRows {
 public:
  explicit GrowingRows(Layers& layers) : layers_(layers) {}

  Layer& of(const std::string& layer) {
    std::vector<Layer>& rows = layers_.rows;
    const auto [first, is_new] = first_.emplace(layer, rows.size());
    if (is_new) rows.push_back({layer});
    Parts& parts = parts_.try_emplace(layer, Parts{first->second, 1}).first->second;
    if (rows[parts.open].behind == Exchange::none) return rows[parts.open];
    parts.open = rows.size();
    rows.push_back({layer + "/" + std::to_string(++parts.count)});
    return rows.back();
  }
  Rows first() && { return std::move(first_); }

 private:
  struct Parts {
    std::size_t open = 0;
    int count = 1;
  };

  Layers& layers_;
  Rows first_;  // of each layer: its gradients go there
  std::map<std::string, Parts> parts_;
};

void add_forwards(const RankStep& step, const Behind& behind, GrowingRows& rows, Layers& layers) {
  for (std::uint32_t i : step.computes) {
    const TraceNode& node = step.trace->nodes[i];
    if (step.pass[i] == Pass::backward) continue;
    if (step.pass[i] == Pass::update) {
      layers.updates += static_cast<double>(node.operations > 0 ? node.operations : node.microseconds);
      continue;
    }
    Layer& row = rows.of(row_name(step, i, layers));
    add_forward(node, row);
    if (const auto found = behind.find(i); found != behind.end()) close(found->second, row);
  }
}

Rows add_computes(const RankStep& step, const Behind& behind, Layers& layers) {
  GrowingRows growing(layers);
  add_forwards(step, behind, growing, layers);
  Rows rows = std::move(growing).first();
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

Layers layers_of(RankStep& step, const Roles& roles, const Exchanges& exchanges) {
  Layers layers;
  if (!step.named) tell_by_order(step, roles, layers);
  const Rows rows = add_computes(step, exchanges_behind(step, roles, exchanges), layers);
  for (const Transfer& transfer : roles.transfers) {
    const TraceNode& node = step.trace->nodes[transfer.node];
    if (transfer.role != Role::gradients || !reduces(node.collective)) continue;
    const auto row = row_of(step, transfer.node, layers, rows);
    (row ? layers.rows[*row].gradient_bytes : layers.unplaced_bytes) += static_cast<double>(node.bytes);
  }
  return layers;
}

}  // namespace orrery::interop::chakra
