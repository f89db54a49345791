#include "models/layout/layer_degrees.h"

#include <algorithm>
#include <functional>

namespace orrery::models {

int layer_degree(const LayoutSpec& layout, int layer) {
  const auto behind = std::upper_bound(layout.by_layers.begin(), layout.by_layers.end(), layer,
                                       [](int at, const LayerRange& range) { return at < range.first; });
  if (behind == layout.by_layers.begin() || std::prev(behind)->last < layer) return layout.tp;
  return std::prev(behind)->tp;
}

std::string layers_text(const LayerRange& range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

std::string degrees_text(const LayoutSpec& layout) {
  std::string text = std::to_string(layout.tp), others;
  for (const LayerRange& range : layout.by_layers)
    others += (others.empty() ? "" : ", ") + std::to_string(range.tp) + (others.empty() ? " in layers " : " in ") +
              layers_text(range);
  return others.empty() ? text : text + " (" + others + ")";
}

bool has_layer_degrees(const LayoutSpec& layout) {
  return std::any_of(layout.by_layers.begin(), layout.by_layers.end(),
                     [&](const LayerRange& range) { return range.tp != layout.tp; });
}

std::vector<int> layer_degrees(const LayoutSpec& layout) {
  std::vector<int> degrees;
  for (const LayerRange& range : layout.by_layers)
    if (range.tp != layout.tp) degrees.push_back(range.tp);
  std::sort(degrees.begin(), degrees.end(), std::greater<>());
  degrees.erase(std::unique(degrees.begin(), degrees.end()), degrees.end());
  return degrees;
}

LayoutSpec layer_layout(const LayoutSpec& layout, int degree) {
  LayoutSpec own = layout;
  own.by_layers.clear();
  own.tp = degree;
  own.dp = layout.dp * (layout.tp / degree);
  own.sequence_parallel = layout.sequence_parallel && degree > 1;
  return own;
}

TensorPart sample_ranks(int degree, int other) {
  const auto [small, large] = std::minmax(degree, other);
  return {large / small, small};
}

}  // namespace orrery::models
