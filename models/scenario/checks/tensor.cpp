// Tensor parallelism in two and three dimensions: whether the ranks make such a grid, and the model divides over it.
#include <string>

#include "models/layout/tensor_grid.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

std::string text(std::int64_t n) {
  return std::to_string(n);
}

std::string why_no_grid(const LayoutSpec& layout) {
  const std::string tp = "tp " + text(layout.tp);
  switch (layout.tp_dimensions) {
    case TensorDimensions::square:
      return "2d needs a square of ranks, but " + tp + " is none";
    case TensorDimensions::tesseract:
      return "2.5d needs tp = depth * side * side with depth at most side, but " + tp + " is no such product";
    default:
      return "3d needs a cube of ranks, but " + tp + " is none";
  }
}

void check_sizes(Reading& reading, const TensorGrid& grid) {
  if (!reading.knows({"model.hidden", "model.heads", "model.kv_heads", "model.ffn", "training.micro_batch"})) return;
  const Scenario& s = reading.scenario;
  const auto divides = [&](std::int64_t parts, std::string_view what, std::int64_t n, std::string_view name) {
    if (n % parts != 0)
      reading.fail("layout.tp_dimensions",
                   std::string(what) + " = " + text(parts) + " does not divide " + std::string(name) + ' ' + text(n));
  };
  const bool cube = grid.cube();
  // A cube's weights are cut along the side twice.
  const std::int64_t widths = cube ? grid.side * grid.side : grid.side;
  const std::string_view square = "side * side";
  divides(widths, cube ? square : "side", s.model.hidden, "hidden");
  divides(widths, cube ? square : "side", s.model.ffn, "ffn");
  divides(grid.side, "side", s.model.heads, "heads");
  divides(grid.side, "side", s.model.kv_heads, "kv_heads");
  divides(grid.batch_parts(),
          cube             ? square
          : grid.depth > 1 ? "side * depth"
                           : "side",
          s.training.micro_batch, "micro_batch");
}

}  // namespace

void check_tensor_grid(Reading& reading) {
  const Scenario& s = reading.scenario;
  if (!reading.knows({"layout.tp", "layout.tp_dimensions"})) return;
  const TensorGrid grid = tensor_grid(s.layout);
  if (!grid.active() || !s.model.table.empty()) return;  // a table: check_layer_table
  if (grid.side == 0) return reading.fail("layout.tp_dimensions", why_no_grid(s.layout));
  check_sizes(reading, grid);
  const auto beside = [&](bool asked, std::string_view key, const std::string& what) {
    if (asked) reading.not_yet(reading.at(key), what + " beside tp_dimensions other than 1d");
  };
  beside(s.model.moe.has_value(), "model.moe", "a model with experts");
  beside(s.model.mla.has_value(), "model.attention", "latent attention");
  beside(s.model.qk_norm, "model", "norms of queries and keys");
  beside(s.model.mtp_layers > 0, "model.mtp_layers", "multi-token prediction");
  beside(s.layout.cp > 1, "layout.cp", "context parallelism");
  beside(s.overlap.tensor_parallel, "overlap.tensor_parallel", "overlap.tensor_parallel");
  beside(s.training.precision >= Precision::fp8, "training.precision", "products of 8 bits and less");
  beside(s.training.recompute.kind == Recompute::Kind::selective_op, "training.recompute", "recompute selective-op");
}

}  // namespace orrery::models
