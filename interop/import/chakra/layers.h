#pragma once

#include "interop/import/chakra/layout/roles.h"

namespace orrery::interop::chakra {

// What the ranks that split layers do with a layer's output before the next compute takes it.
enum class Exchange : char { none, gathers, sums, scatters };

// A row of the table of layers, before it is split over or gathered from ranks.
struct Layer {
  std::string name;
  double operations = 0;    // of the forward pass
  double microseconds = 0;  // of it, where operations are not told
  double backward_operations = 0, backward_microseconds = 0;
  double tensor_bytes = 0;    // all that its forward pass touches
  double gradient_bytes = 0;  // of its own, as they are reduced
  Exchange behind = Exchange::none;
  bool gathered = false;  // the next row's input: by such a gather, or by one behind a scatter
  std::int64_t exchanged_bytes = 0;
};

struct Layers {
  std::vector<Layer> rows;
  bool backward = false;      // which computes are of the backward pass was told, by names or order
  bool by_order = false;      // by order
  double updates = 0;         // operations or microseconds that belong to no layer: the optimizer's
  std::int64_t unplaced = 0;  // backward computes whose layer has no forward one
  double unplaced_bytes = 0;  // gradients that follow no compute
};

// Collectives in which `ranks` ranks exchange activations: those that split layers.
struct Exchanges {
  const World& world;
  std::int64_t ranks = 1;  // 1: nobody splits them
};

// The forward pass in the order of dependencies; computes of one layer, where names say it,
// are one row, or one up to each exchange. Gradients go to the layer whose backward pass they follow.
Layers layers_of(RankStep& step, const Roles& roles, const Exchanges& exchanges);

}  // namespace orrery::interop::chakra
