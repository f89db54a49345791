#include "models/compile/pieces/chunks.h"

#include <algorithm>
#include <deque>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {
namespace {

// Templates of one rank's pieces. Most layers are alike: what a layer is made of is found once.
class Pieces {
 public:
  explicit Pieces(StageContext& context)
      : context_(context), split_(std::any_of(context.actions().begin(), context.actions().end(), [](const Action& a) {
          return a.type == Action::Type::weight_gradient;
        })) {}

  const PieceTemplate& of(PieceKind kind, int layer, int layer_in_rank) {
    if (kind == PieceKind::layer)
      for (const Known& known : known_)
        if (known.piece.kind == kind &&
            works_alike(context_.scenario, layer, layer_in_rank, known.piece.layer, known.layer_in_rank))
          return known.piece;
    PieceTemplate piece =
        kind == PieceKind::layer ? layer_of_any_stage(layer, layer_in_rank) : make(kind, layer, layer_in_rank);
    piece.layer = layer;
    known_.push_back({layer_in_rank, std::move(piece)});
    return known_.back().piece;
  }

 private:
  PieceTemplate make(PieceKind kind, int layer, int layer_in_rank) {
    return make_piece_template(context_.scenario, kind, layer, layer_in_rank, split_, context_.rank, context_.roles,
                               context_.kernels, context_.tensors);
  }

  const PieceTemplate& layer_of_any_stage(int layer, int layer_in_rank) {
    const PieceTemplate* known = context_.layers.find(context_.scenario, layer, layer_in_rank, split_, context_.rank);
    if (known != nullptr) return *known;
    return context_.layers.add(context_.scenario, make(PieceKind::layer, layer, layer_in_rank), layer_in_rank, split_,
                               context_.rank);
  }

  struct Known {
    int layer_in_rank;
    PieceTemplate piece;
  };

  StageContext& context_;
  const bool split_;
  std::deque<Known> known_;
};

}  // namespace

void each_piece(StageContext& context, const SeePiece& see) {
  const Scenario& s = context.scenario;
  const std::vector<int>& layers = s.pipeline.stage_layers;
  Pieces pieces(context);
  int layer_in_rank = 0;
  for (int c = 0; c < context.schedule.chunks(); ++c) {
    const int stage = context.schedule.stage_of(context.stage, c);
    const auto add = [&](PieceKind kind, int layer) { see(c, pieces.of(kind, layer, layer_in_rank), layer); };
    int first = 0;
    for (int i = 0; i < stage; ++i) first += layers[static_cast<std::size_t>(i)];
    if (stage == 0) add(PieceKind::embedding, 0);
    for (int i = 0; i < layers[static_cast<std::size_t>(stage)]; ++i, ++layer_in_rank) add(PieceKind::layer, first + i);
    if (stage + 1 != context.stages()) continue;
    for (int i = 0; i < s.model.mtp_layers; ++i, ++layer_in_rank) add(PieceKind::mtp, s.model.layers + i);
    add(PieceKind::head, 0);
    add(PieceKind::loss, 0);
  }
}

Chunks make_chunks(StageContext& context) {
  Chunks chunks(static_cast<std::size_t>(context.schedule.chunks()));
  const std::vector<int>& layers = context.scenario.pipeline.stage_layers;
  constexpr std::size_t kEnds = 3;  // an embedding, a head, a loss
  const auto most = static_cast<std::size_t>(*std::max_element(layers.begin(), layers.end()));
  for (auto& chunk : chunks) chunk.reserve(most + kEnds);
  each_piece(context, [&](int chunk, const PieceTemplate& found, int layer) {
    PieceTemplate& piece = chunks[static_cast<std::size_t>(chunk)].emplace_back(found);
    piece.layer = layer;
    if (context.form == Form::written_out) resolve_labels(context.builder, piece);
  });
  return chunks;
}

void HeldStates::add(const PieceTemplate& piece) {
  HeldParameters& here = held_[piece.degree];
  here.dense += piece.parameters;
  here.experts += piece.expert_parameters;
  here.embeddings += piece.table_parameters;
}

StateBytes HeldStates::states(const StageContext& context) const {
  StateBytes states;
  for (const auto& [degree, parameters] : held_)
    states += state_bytes(context.scenario, degree, parameters, context.replicas());
  return states;
}

}  // namespace orrery::models
