#pragma once

#include <compare>
#include <string>
#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Tensor-parallel degrees of single layers (layout.by_layers).
//
// The GPUs of a stage stay tp * cp * dp of the layout. A layer with a smaller degree is
// computed by that many neighbours of the tensor-parallel group, each set of them on its
// own samples of the micro-batch: the layer is data parallel over tp / degree more ranks.
// Galvatron (arXiv:2211.13878) and Alpa's plans inside a stage (arXiv:2201.12023) are such layouts.

int layer_degree(const LayoutSpec& layout, int layer);

// "0-15", or "7" for one layer, as layout.by_layers has it.
std::string layers_text(const LayerRange& range);

// "8", or "8 (4 in layers 0-15, 2 in 16)".
std::string degrees_text(const LayoutSpec& layout);

// Whether any layer has another degree than the layout.
bool has_layer_degrees(const LayoutSpec& layout);

// Degrees other than the layout's, the largest first.
std::vector<int> layer_degrees(const LayoutSpec& layout);

// The layout as layers of `degree` have it: the same GPUs, with dp in place of tp.
LayoutSpec layer_layout(const LayoutSpec& layout, int degree);

// Ranks of a tensor-parallel group that do something among themselves: `size` of them,
// `stride` places apart.
struct TensorPart {
  int size = 1, stride = 1;

  // Of the parts like this, which has the rank at place `tp` of the group.
  int of(int tp) const { return tp / (stride * size) * stride + tp % stride; }
  auto operator<=>(const TensorPart&) const = default;
};

// Ranks that work on different samples at the smaller of two degrees, where the larger
// one has them on the same: one divides the other.
TensorPart sample_ranks(int degree, int other);

}  // namespace orrery::models
