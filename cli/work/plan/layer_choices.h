#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/scenario/reader.h"
#include "sweep/plan/layer_choice.h"

namespace orrery::cli {

using Layout = std::vector<models::Override>;  // what a layout sets, as --set takes it

// Finds for a layout a tensor-parallel degree for every layer, and how many layers of each pipeline
// rank to recompute: what layers take and hold is read off programs compiled with all layers in one way
// (and alternating in two), and a solver chooses (sweep/plan/layer_choice.h).
class LayerChoices {
 public:
  // `root` is the scenario's document, read from `file`; `solver` what find_solver() gave. Without
  // `recompute` layers are recomputed as the scenario has it.
  LayerChoices(const Node& root, std::string file, std::string solver, bool recompute)
      : root_(root), file_(std::move(file)), solver_(std::move(solver)), recompute_(recompute) {}

  // `layout` with layout.by_layers and training.recompute as chosen. Nothing where the choice is one way
  // for all layers that the layout itself could have, or there is none.
  std::optional<Layout> choose(const Layout& layout) const;

 private:
  const Node& root_;
  std::string file_, solver_;
  bool recompute_;
};

}  // namespace orrery::cli
