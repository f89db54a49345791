#include "models/compile/piece_template.h"

#include "models/compile/roles.h"

namespace orrery::models {
namespace {

std::string piece_name(PieceKind kind, int layer) {
  switch (kind) {
    case PieceKind::embedding:
      return "embedding";
    case PieceKind::head:
      return "head";
    case PieceKind::layer:
      return "layer " + std::to_string(layer);
  }
  return {};
}

sim::Category category_of(LayerGroup group) {
  switch (group) {
    case LayerGroup::tp:
      return static_cast<sim::Category>(TimeCategory::tp);
    case LayerGroup::cp:
      return static_cast<sim::Category>(TimeCategory::cp);
    case LayerGroup::ep:
    case LayerGroup::etp:
      return static_cast<sim::Category>(TimeCategory::ep);
  }
  return static_cast<sim::Category>(TimeCategory::other);
}

TemplateOp lower_kernel(const LayerStep& step, double slowdown, KernelTable& kernels) {
  TemplateOp op;
  op.kernel = kernels.index(step.kernel);
  op.cost = slowed(kernels.time(op.kernel), slowdown);
  op.kernel_class = step.kernel.kernel_class();
  op.category = static_cast<sim::Category>(step.recomputed ? TimeCategory::recompute : TimeCategory::compute);
  return op;
}

TemplateOp lower_collective(const LayerStep& step) {
  TemplateOp op;
  op.is_kernel = false;
  op.transfer = {step.collective, role::tp, 0, step.bytes};
  op.category = category_of(step.group);
  return op;
}

std::vector<TemplateOp> lower(const std::vector<LayerStep>& steps, const std::string& piece, double slowdown,
                              KernelTable& kernels) {
  std::vector<TemplateOp> ops;
  ops.reserve(steps.size());
  for (const LayerStep& step : steps) {
    TemplateOp op =
        step.kind == LayerStep::Kind::kernel ? lower_kernel(step, slowdown, kernels) : lower_collective(step);
    op.side = step.side;
    op.waits_for = step.waits_for;
    if (!step.label.starts_with(piece)) op.label.append(piece).append(1, ' ');
    op.label.append(step.label);
    ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace

std::uint32_t KernelTable::index(const Kernel& kernel) {
  const auto [at, is_new] = index_.try_emplace(kernel, static_cast<std::uint32_t>(kernels_.size()));
  if (is_new) {
    kernels_.push_back(kernel);
    times_.push_back(costs_.time(kernel).time);
  }
  return at->second;
}

Duration slowed(Duration time, double slowdown) {
  return slowdown == 1.0 ? time : Duration::from_seconds(time.seconds() * slowdown);
}

PieceTemplate make_piece_template(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, bool split,
                                  double slowdown, KernelTable& kernels) {
  const PieceWork work = piece_work(scenario, kind, layer, layer_in_rank);
  const PieceParameters parameters = piece_parameters(scenario, kind, layer);
  const std::string name = piece_name(kind, layer);

  PieceTemplate piece;
  piece.kind = kind;
  piece.layer = layer;
  piece.forward = lower(work.forward, name, slowdown, kernels);
  if (split) {
    piece.input_gradient = lower(work.input_gradient, name, slowdown, kernels);
    piece.weight_gradient = lower(work.weight_gradient, name, slowdown, kernels);
  }
  piece.backward = lower(work.backward, name, slowdown, kernels);
  for (const SavedTensor& tensor : work.saved)
    (tensor.until_weight_gradient ? piece.saved_until_weight_gradient : piece.saved_until_input_gradient) +=
        tensor.bytes;
  piece.forward_transient = work.forward_transient;
  piece.backward_transient = work.backward_transient;
  piece.output = work.output;
  piece.parameters = parameters.dense();
  piece.replicated_parameters = parameters.tp_replicated;
  return piece;
}

}  // namespace orrery::models
