#pragma once

#include "interop/import/chakra/roles.h"

namespace orrery::interop::chakra {

// A row of the table of layers, before it is split over or gathered from ranks.
struct Layer {
  std::string name;
  double operations = 0;    // of the forward pass
  double microseconds = 0;  // of it, where operations are not told
  double backward_operations = 0, backward_microseconds = 0;
  double tensor_bytes = 0;    // all that its forward pass touches
  double gradient_bytes = 0;  // of its own, as they are reduced
};

struct Layers {
  std::vector<Layer> rows;
  bool backward = false;      // which computes are of the backward pass was told, by names or order
  bool by_order = false;      // by order
  double updates = 0;         // operations or microseconds that belong to no layer: the optimizer's
  std::int64_t unplaced = 0;  // backward computes whose layer has no forward one
  double unplaced_bytes = 0;  // gradients that follow no compute
};

// The forward pass in the order of dependencies; computes of one layer, where names say it,
// are one row. Gradients go to the layer whose backward pass they follow.
Layers layers_of(RankStep& step, const Roles& roles);

}  // namespace orrery::interop::chakra
