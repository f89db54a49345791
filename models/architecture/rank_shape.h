#pragma once

#include <cstdint>

#include "models/compute/kernel.h"
#include "models/layout/tensor_grid.h"
#include "models/scenario/scenario.h"

namespace orrery::models {

// What one rank of a tensor-parallel group sees of one micro-batch: lengths in
// tokens, widths in elements, after the split over tp. Internal to this room.
struct RankShape {
  std::int64_t batch = 1;         // sequences of the micro-batch
  std::int64_t sequence = 0;      // tokens of each
  std::int64_t tokens = 0;        // batch * sequence / cp
  std::int64_t documents = 1;     // of the micro-batch, each attending to itself alone
  std::int64_t document = 0;      // tokens of one: documents * document is batch * sequence
  std::int64_t shard_tokens = 0;  // tokens outside the tensor-parallel regions: tokens/tp under sequence parallelism

  std::int64_t hidden = 0;
  std::int64_t heads = 0, kv_heads = 0;      // heads of this rank
  std::int64_t head_dim = 0, value_dim = 0;  // of a query or key, of a value; they differ in latent attention
  std::int64_t query = 0, key = 0;           // heads * head_dim, kv_heads * head_dim
  std::int64_t value = 0, output = 0;        // kv_heads * value_dim; heads * value_dim: what the core makes
  std::int64_t ffn = 0;                      // columns of fc2's input
  std::int64_t fc1 = 0;                      // columns of fc1's output: 2 * ffn when gated
  std::int64_t vocab = 0;                    // padded, of this rank

  int tp = 1;       // ranks in a line; 1 in a grid, where batch, hidden, heads and the rest above are those of a rank
  TensorGrid grid;  // of those that stand in more dimensions
  bool sequence_parallel = false;
  bool splits_products = false;  // into tp pieces, each beside the transfer of the next (overlap.tensor_parallel)

  std::int64_t element = 2;          // bytes of an activation
  Dtype linear_type = Dtype::bf16;   // what the linear layers of a transformer layer multiply
  Dtype general_type = Dtype::bf16;  // attention core and logits: 16 bits also under fp8 and fp4
  // Bytes of a gradient that micro-batches add up in; 0: each is reduced by itself, and nothing is added here.
  std::int64_t main_gradient = 4;
  std::int64_t gradient_cast = 0;  // bytes of a cast to what micro-batches add up in, where it is a tensor of its own

  std::int64_t qkv() const { return query + key + value; }
  Bytes activation(std::int64_t rows, std::int64_t width) const { return {rows * width * element}; }
  Bytes full_hidden() const { return activation(tokens, hidden); }
  Bytes shard_hidden() const { return activation(shard_tokens, hidden); }
  // Moved when so many elements of a gradient are added to the main one: they are read, and the sum read and written;
  // a cast before that is written and read.
  Bytes accumulated(std::int64_t elements) const {
    return {elements * (element + 2 * main_gradient + 2 * gradient_cast)};
  }
};

// In layers that `layout` holds for: the scenario's, or that of layers with a smaller
// degree (models/layout/layer_degrees.h), which have a part of the samples.
RankShape rank_shape(const Scenario& scenario, const LayoutSpec& layout);

// Bytes that `elements` take as a saved GEMM input of this type, scales included.
Bytes stored_gemm_input(Precision precision, std::int64_t elements);

}  // namespace orrery::models
