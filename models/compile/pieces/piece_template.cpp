#include "models/compile/pieces/piece_template.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/base/digest.h"
#include "sim/hash_text.h"

namespace orrery::models {
namespace {

std::string piece_name(PieceKind kind, int layer) {
  switch (kind) {
    case PieceKind::embedding:
      return "embedding";
    case PieceKind::mtp:
      return "mtp";
    case PieceKind::head:
    case PieceKind::loss:
      return "head";
    case PieceKind::layer:
      return "layer " + std::to_string(layer);
  }
  return {};
}

sim::Category category_of(LayerGroup group) {
  switch (group) {
    case LayerGroup::tp:
    case LayerGroup::tp_before:
    case LayerGroup::tp_samples:
    case LayerGroup::tp_row:
    case LayerGroup::tp_column:
    case LayerGroup::tp_level:
      return static_cast<sim::Category>(TimeCategory::tp);
    case LayerGroup::cp_ulysses:
    case LayerGroup::cp_ring:
      return static_cast<sim::Category>(TimeCategory::cp);
    case LayerGroup::ep:
    case LayerGroup::ep_node:
    case LayerGroup::ep_rail:
    case LayerGroup::etp:
      return static_cast<sim::Category>(TimeCategory::ep);
  }
  return static_cast<sim::Category>(TimeCategory::other);
}

// Degrees of a piece and of the one before it, which say who its tensor-parallel groups are.
struct Degrees {
  const LayerRoles& roles;
  int here = 1, before = 1;
};

sim::GroupRole role_of(LayerGroup group, const Degrees& degrees) {
  switch (group) {
    case LayerGroup::tp_before:
      return degrees.roles.tp(degrees.before);
    case LayerGroup::tp_samples:
      return degrees.roles.samples(degrees.here, degrees.before);
    case LayerGroup::tp_row:
      return role::tp_row;
    case LayerGroup::tp_column:
      return role::tp_column;
    case LayerGroup::tp_level:
      return role::tp_level;
    case LayerGroup::cp_ulysses:
      return role::cp_ulysses;
    case LayerGroup::cp_ring:
      return role::cp_ring;
    case LayerGroup::ep:
      return role::ep;
    case LayerGroup::ep_node:
      return role::ep_node;
    case LayerGroup::ep_rail:
      return role::ep_rail;
    case LayerGroup::etp:
      return role::etp;
    case LayerGroup::tp:
      break;
  }
  return degrees.roles.tp(degrees.here);
}

TemplateOp lower_kernel(const LayerStep& step, const RankKind& rank, KernelTable& kernels) {
  TemplateOp op;
  op.kernel = kernels.index(step.kernel);
  op.cost = slowed(kernels.time(op.kernel, rank.node), rank.slowdown);
  op.kernel_class = step.kernel.kernel_class();
  op.category = static_cast<sim::Category>(step.recomputed ? TimeCategory::recompute : TimeCategory::compute);
  return op;
}

TemplateOp lower_collective(const LayerStep& step, const Degrees& degrees) {
  TemplateOp op;
  op.transfer = {step.collective, role_of(step.group, degrees), 0, step.bytes};
  op.category = category_of(step.group);
  return op;
}

// What a stack loses before a collective of the piece's tensor-parallel group (Stack::collective_delay).
TemplateOp delay_of(const TemplateOp& collective, Duration delay) {
  TemplateOp op;
  op.launches = 0;
  op.side = collective.side;
  op.waits_for = collective.waits_for;
  op.category = collective.category;
  op.cost = delay;
  op.label = "delay before " + collective.label;
  return op;
}

std::vector<TemplateOp> lower(std::vector<LayerStep> steps, const RankKind& rank, const Degrees& degrees,
                              Duration delay, KernelTable& kernels) {
  std::vector<TemplateOp> ops;
  ops.reserve(steps.size());
  std::vector<int> places;  // of the steps among the ops
  places.reserve(steps.size());
  for (LayerStep& step : steps) {
    TemplateOp op;
    if (step.kind == LayerStep::Kind::kernel) op = lower_kernel(step, rank, kernels);
    if (step.kind == LayerStep::Kind::collective) op = lower_collective(step, degrees);
    op.kind = step.kind;
    op.launches = step.launches;
    op.side = step.side;
    op.waits_for = step.waits_for < 0 ? -1 : places[static_cast<std::size_t>(step.waits_for)];
    op.label = std::move(step.label);
    const bool delayed = step.kind == LayerStep::Kind::collective && step.group == LayerGroup::tp && degrees.here > 1;
    if (delayed && delay > Duration()) {
      ops.push_back(delay_of(op, delay * degrees.here));
      op.waits_for = -1;  // it is behind its delay, on the same stream
    }
    places.push_back(static_cast<int>(ops.size()));
    ops.push_back(std::move(op));
  }
  return ops;
}

// Of what sets shapes of one model apart.
struct HashOfShape {
  std::uint64_t operator()(const GemmShape& s) const {
    return mixed(s.batch, s.m, s.n, s.k, static_cast<std::int64_t>(s.role));
  }
  std::uint64_t operator()(const AttentionShape& s) const {
    return mixed(s.batch, s.queries, s.keys, s.heads, s.backward);
  }
  std::uint64_t operator()(const MemoryBoundShape& s) const {
    return sim::hash_text(s.family) ^ Digest::mix(static_cast<std::uint64_t>(s.bytes.n));
  }

 private:
  static std::uint64_t mixed(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, std::int64_t e) {
    std::uint64_t hash = 0;
    for (const std::int64_t size : {a, b, c, d, e})
      hash = hash * 0x9e3779b97f4a7c15ull + static_cast<std::uint64_t>(size);
    return Digest::mix(hash);
  }
};

}  // namespace

// What one piece runs the next one runs too, often in a row.
std::uint32_t KernelTable::index(const Kernel& kernel) {
  if (recent_ < kernels_.size() && kernels_[recent_] == kernel) return recent_;
  const auto next = static_cast<std::uint32_t>(kernels_.size());
  recent_ = index_.find_or_add(std::visit(HashOfShape{}, kernel.shape), next,
                               [&](std::uint32_t known) { return kernels_[known] == kernel; });
  if (recent_ == next) {
    kernels_.push_back(kernel);
    for (std::size_t kind = 0; kind < costs_.size(); ++kind) times_[kind].push_back(costs_[kind]->time(kernel).time);
  }
  return recent_;
}

// Lists are few: the kinds of pieces, times what is recomputed of them.
std::uint16_t TensorTable::index(std::vector<Bytes> tensors) {
  if (tensors.size() < 2) return 0;
  const auto found = static_cast<std::size_t>(std::find(lists_.begin() + 1, lists_.end(), tensors) - lists_.begin());
  if (found == lists_.size()) lists_.push_back(std::move(tensors));
  return static_cast<std::uint16_t>(found);
}

Duration slowed(Duration time, double slowdown) {
  return slowdown == 1.0 ? time : Duration::from_seconds(time.seconds() * slowdown);
}

void resolve_labels(sim::ProgramBuilder& builder, PieceTemplate& piece) {
  const std::string name = piece_name(piece.kind, piece.layer);
  std::string label;
  for (auto* ops : {&piece.forward, &piece.input_gradient, &piece.weight_gradient, &piece.backward})
    for (TemplateOp& op : ops->edit()) {
      label.clear();
      if (!op.label.starts_with(name)) label.append(name).append(1, ' ');
      op.label_id = builder.label(label.append(op.label));
    }
}

PieceTemplate make_piece_template(const Scenario& scenario, PieceKind kind, int layer, int layer_in_rank, bool split,
                                  const RankKind& rank, const LayerRoles& roles, KernelTable& kernels,
                                  TensorTable& tensors) {
  PieceWork work = piece_work(scenario, kind, layer, layer_in_rank, rank.context, rank.expert, split);
  const PieceParameters parameters = piece_parameters(scenario, kind, layer);
  const Degrees degrees{roles, piece_degree(scenario, kind, layer), degree_before(scenario, kind, layer)};

  PieceTemplate piece;
  piece.kind = kind;
  piece.layer = layer;
  piece.degree = degrees.here;
  const Duration delay = scenario.software.collective_delay;
  piece.forward = lower(std::move(work.forward), rank, degrees, delay, kernels);
  if (split) {
    piece.input_gradient = lower(std::move(work.input_gradient), rank, degrees, delay, kernels);
    piece.weight_gradient = lower(std::move(work.weight_gradient), rank, degrees, delay, kernels);
  }
  piece.backward = lower(std::move(work.backward), rank, degrees, delay, kernels);
  std::vector<Bytes> until_input, until_weight;
  for (const SavedTensor& tensor : work.saved) {
    (tensor.until_weight_gradient ? piece.saved_until_weight_gradient : piece.saved_until_input_gradient) +=
        tensor.bytes;
    (tensor.until_weight_gradient ? until_weight : until_input).push_back(tensor.bytes);
  }
  piece.tensors_until_input_gradient = tensors.index(std::move(until_input));
  piece.tensors_until_weight_gradient = tensors.index(std::move(until_weight));
  piece.tensors_of_forward = tensors.index(std::move(work.forward_tensors));
  piece.tensors_of_backward = tensors.index(std::move(work.backward_tensors));
  piece.forward_transient = work.forward_transient;
  piece.backward_transient = work.backward_transient;
  piece.output = work.output;
  piece.parameters = parameters.dense();
  piece.table_parameters = parameters.tables;
  piece.expert_parameters = parameters.experts;
  piece.replicated_parameters = parameters.tp_replicated;
  return piece;
}

std::span<const TemplateOp> steps_of(const PieceTemplate& piece, Action::Type type) {
  switch (type) {
    case Action::Type::forward:
      return piece.forward;
    case Action::Type::backward:
      return piece.backward;
    case Action::Type::input_gradient:
      return piece.input_gradient;
    case Action::Type::weight_gradient:
      return piece.weight_gradient;
    case Action::Type::overlap:  // two passes, each with its own list
      break;
  }
  return piece.forward;
}

}  // namespace orrery::models
