#include "models/compile/pieces/chunks.h"

#include <algorithm>
#include <map>

#include "models/compile/stage_context.h"

namespace orrery::models {
namespace {

// Templates of one rank's pieces. Most layers are alike: what a layer is made of is found once.
class Pieces {
 public:
  Pieces(StageContext& context, bool split) : context_(context), split_(split) {}

  PieceTemplate make(PieceKind kind, int layer, int layer_in_rank) {
    PieceTemplate piece =
        kind == PieceKind::layer ? make_layer(layer, layer_in_rank) : anew(kind, layer, layer_in_rank);
    piece.layer = layer;
    resolve_labels(context_.builder, piece);
    return piece;
  }

 private:
  struct Known {
    int layer_in_rank;
    PieceTemplate piece;
  };

  PieceTemplate anew(PieceKind kind, int layer, int layer_in_rank) const {
    return make_piece_template(context_.scenario, kind, layer, layer_in_rank, split_, context_.rank, context_.roles,
                               context_.kernels, context_.tensors);
  }

  const PieceTemplate& make_layer(int layer, int layer_in_rank) {
    for (const Known& known : layers_)
      if (works_alike(context_.scenario, layer, layer_in_rank, known.piece.layer, known.layer_in_rank))
        return known.piece;
    layers_.push_back({layer_in_rank, anew(PieceKind::layer, layer, layer_in_rank)});
    return layers_.back().piece;
  }

  StageContext& context_;
  const bool split_;
  std::vector<Known> layers_;  // one of each kind
};

}  // namespace

Chunks make_chunks(StageContext& context) {
  const Scenario& s = context.scenario;
  const std::vector<int>& layers = s.pipeline.stage_layers;
  const int chunks = context.schedule.chunks();
  const bool split = std::any_of(context.actions().begin(), context.actions().end(),
                                 [](const Action& a) { return a.type == Action::Type::weight_gradient; });
  Pieces pieces(context, split);
  Chunks result(static_cast<std::size_t>(chunks));
  int layer_in_rank = 0;
  for (int c = 0; c < chunks; ++c) {
    const int stage = context.schedule.stage_of(context.stage, c);
    const auto add = [&](PieceKind kind, int layer) {
      result[static_cast<std::size_t>(c)].push_back(pieces.make(kind, layer, layer_in_rank));
    };
    int first = 0;
    for (int i = 0; i < stage; ++i) first += layers[static_cast<std::size_t>(i)];
    if (stage == 0) add(PieceKind::embedding, 0);
    for (int i = 0; i < layers[static_cast<std::size_t>(stage)]; ++i, ++layer_in_rank) add(PieceKind::layer, first + i);
    if (stage + 1 != context.stages()) continue;
    for (int i = 0; i < s.model.mtp_layers; ++i, ++layer_in_rank) add(PieceKind::mtp, s.model.layers + i);
    add(PieceKind::head, 0);
    add(PieceKind::loss, 0);
  }
  return result;
}

StateBytes states_of(const StageContext& context, const Chunks& chunks) {
  std::map<int, HeldParameters> held;  // by tensor-parallel degree: replicas differ
  for (const auto& chunk : chunks)
    for (const PieceTemplate& piece : chunk) {
      HeldParameters& here = held[piece.degree];
      here.dense += piece.parameters;
      here.experts += piece.expert_parameters;
      here.embeddings += piece.table_parameters;
    }
  StateBytes states;
  for (const auto& [degree, parameters] : held)
    states += state_bytes(context.scenario, degree, parameters, context.replicas());
  return states;
}

}  // namespace orrery::models
