#include "models/compile/known/stage_sizes.h"

#include "models/architecture/rank_shape.h"
#include "models/compile/pipeline/messages.h"
#include "models/compile/stage/buffer_labels.h"

namespace orrery::models {
namespace {

std::optional<StageSizes::Use> use_of(std::string_view label) {
  using Use = StageSizes::Use;
  if (label == buffer_label::activations) return Use::activations;
  if (label == buffer_label::workspace) return Use::workspace;
  if (label == buffer_label::output) return Use::output;
  if (label == buffer_label::gathered) return Use::gathered;
  if (label == buffer_label::inputs) return Use::inputs;
  return std::nullopt;
}

}  // namespace

StageSizes::StageSizes(const StageContext& context, const Chunks& chunks) {
  const Scenario& s = context.scenario;
  constexpr std::size_t kUsual = 32;  // of a few kinds of pieces
  held.reserve(kUsual);
  moved.reserve(kUsual);
  for (const auto& chunk : chunks) {
    const TemplateOp* before = nullptr;
    for (const PieceTemplate& piece : chunk) {
      if (piece.forward.data() != before || before == nullptr) add(piece);  // else it works like the one before
      before = piece.forward.data();
    }
  }
  const Messages messages(s);
  held.push_back({Use::gathered, rank_shape(s, s.layout).full_hidden(), 0});
  held.push_back({Use::inputs, messages.largest(), 0});
  for (const Bytes message : messages.bytes) moved.push_back({sim::TransferKind::point_to_point, 0, 0, message});
  for (const int degree : messages.degrees)
    if (gathers_input(s, degree))
      moved.push_back({sim::TransferKind::all_gather, context.roles.tp(degree), 0, whole_message(s, degree)});
}

void StageSizes::add(const PieceTemplate& piece) {
  held.push_back({Use::activations, piece.saved_until_input_gradient, piece.tensors_until_input_gradient});
  held.push_back({Use::activations, piece.saved_until_weight_gradient, piece.tensors_until_weight_gradient});
  held.push_back({Use::workspace, piece.forward_transient, piece.tensors_of_forward});
  held.push_back({Use::workspace, piece.backward_transient, piece.tensors_of_backward});
  held.push_back({Use::output, piece.output, 0});
  for (const auto* steps : {&piece.forward, &piece.input_gradient, &piece.weight_gradient, &piece.backward})
    for (const TemplateOp& step : *steps)
      if (step.kind == LayerStep::Kind::collective) moved.push_back(step.transfer);
}

std::vector<std::optional<StageSizes::Use>> uses_of(const SharedList<std::string>& labels) {
  std::vector<std::optional<StageSizes::Use>> uses;
  for (const std::string& label : labels) uses.push_back(use_of(label));
  return uses;
}

}  // namespace orrery::models
