#pragma once

#include <cstdint>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Parameters of the whole model. Embeddings that are tied count once.
struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t active = 0;     // experts that a token meets only; equal to total for dense models
  std::int64_t embedding = 0;  // input
  std::int64_t head = 0;       // output, 0 when tied
  std::int64_t per_layer = 0;  // of a dense layer (or of the last layer when layers differ)
  std::int64_t mtp = 0;        // multi-token prediction, not in total
};
// `positions` is the length of the table of learned positions (n_positions of a
// configuration file); rotary and ALiBi models have none.
ParameterCount count_parameters(const ModelSpec& model, std::int64_t positions = 0);

// Layers count from 0. After the leading dense layers every `every`th has
// experts, beginning with the first of them (Megatron-LM's --moe-layer-freq).
bool has_experts(const ModelSpec& model, int layer);

// Vocabulary as frameworks pad it so that tp divides it (multiples of 128*tp in
// Megatron-LM). Equal to model.vocab when no padding is needed.
std::int64_t padded_vocab(const ModelSpec& model, const LayoutSpec& layout);

// Parameters that one rank holds of a piece, before any data-parallel sharding:
// split over tp or the same on every tp rank; experts, all that this rank has, are sharded on their own grid.
struct PieceParameters {
  std::int64_t tp_split = 0;
  std::int64_t tp_replicated = 0;  // under sequence parallelism their gradients are to be summed over tp
  std::int64_t experts = 0;
  std::int64_t tables = 0;          // of tp_split: embeddings, which no low-precision product reads
  std::int64_t positions = 0;       // learned table: replicated, and its gradient is whole on every rank
  std::int64_t largest_weight = 0;  // elements of the largest single matrix on this rank

  std::int64_t dense() const { return tp_split + tp_replicated + positions; }
};
enum class PieceKind : std::uint8_t;
PieceParameters piece_parameters(const Scenario& scenario, PieceKind kind, int layer);

}  // namespace orrery::models
