#include "models/architecture/rank_shape.h"

#include <algorithm>
#include <cmath>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/layout/sharding.h"

namespace orrery::models {
namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

bool is_single_precision(Precision precision) {
  return precision == Precision::fp32 || precision == Precision::tf32;
}

// Transformer Engine keeps the attention core and the output layer out of fp8.
Dtype general_type(Precision precision) {
  const bool is_wide = is_single_precision(precision) || precision == Precision::fp16;
  return is_wide ? linear_dtype(precision) : Dtype::bf16;
}

void set_heads(const ModelSpec& model, std::int64_t tp, RankShape& shape) {
  shape.heads = divide_up(model.heads, tp);
  // With fewer key-value heads than ranks every rank still holds one.
  shape.kv_heads = model.mla ? shape.heads : std::max<std::int64_t>(1, model.kv_heads / tp);
  shape.head_dim = model.mla ? model.mla->nope_dim + model.mla->rope_dim : model.head_dim;
  shape.value_dim = model.mla ? model.mla->v_dim : model.head_dim;
  shape.query = shape.heads * shape.head_dim;
  shape.key = shape.kv_heads * shape.head_dim;
  shape.value = shape.kv_heads * shape.value_dim;
  shape.output = shape.heads * shape.value_dim;
}

}  // namespace

Dtype linear_dtype(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return Dtype::fp32;
    case Precision::tf32:
      return Dtype::tf32;
    case Precision::fp16:
      return Dtype::fp16;
    case Precision::bf16:
      return Dtype::bf16;
    case Precision::fp8:
    case Precision::fp8_current:
    case Precision::fp8_blockwise:
      return Dtype::fp8;
    case Precision::mxfp8:
      return Dtype::mxfp8;
    case Precision::nvfp4:
      return Dtype::nvfp4;
  }
  return Dtype::bf16;
}

RankShape rank_shape(const Scenario& scenario, const LayoutSpec& layout) {
  const ModelSpec& model = scenario.model;
  const TrainingSpec& training = scenario.training;
  RankShape shape;
  shape.grid = tensor_grid(layout);
  shape.tp = shape.grid.active() ? 1 : layout.tp;
  const std::int64_t tp = shape.grid.active() ? shape.grid.hidden_parts() : layout.tp;  // parts of widths
  shape.sequence_parallel = layout.sequence_parallel && shape.tp > 1;
  shape.splits_products = shape.sequence_parallel && scenario.overlap.tensor_parallel;
  shape.batch = training.micro_batch * layout.tp / scenario.layout.tp / shape.grid.batch_parts();
  shape.sequence = training.sequence_length;
  shape.tokens = shape.batch * shape.sequence / layout.cp;
  shape.document = std::min<std::int64_t>(shape.sequence, std::llround(training.mean_attended()));
  shape.documents = divide_up(shape.batch * shape.sequence, shape.document);
  shape.shard_tokens = shape.sequence_parallel ? divide_up(shape.tokens, tp) : shape.tokens;

  shape.hidden = model.hidden / shape.grid.hidden_parts();
  set_heads(model, tp, shape);
  shape.ffn = divide_up(model.ffn, tp);
  shape.fc1 = model.gated() ? 2 * shape.ffn : shape.ffn;
  shape.vocab = divide_up(padded_vocab(model, layout), tp);

  shape.element = is_single_precision(training.precision) ? 4 : 2;
  shape.linear_type = linear_dtype(training.precision);
  shape.general_type = general_type(training.precision);
  const Sharding split = sharding(layout);
  const bool whole = !split.gradients || split.reduce_once;
  shape.main_gradient = !whole ? 0 : training.gradients == GradientType::fp32 ? 4 : 2;
  const Stack& stack = scenario.software;
  if (stack.gradient_casts && !stack.fused_wgrad_accumulation && shape.main_gradient > shape.element)
    shape.gradient_cast = shape.main_gradient;
  return shape;
}

Bytes stored_gemm_input(Precision precision, std::int64_t elements) {
  switch (precision) {
    case Precision::fp32:
    case Precision::tf32:
      return {4 * elements};
    case Precision::fp16:
    case Precision::bf16:
      return {2 * elements};
    case Precision::fp8:
    case Precision::fp8_current:
      return {elements};  // one scale a tensor
    case Precision::fp8_blockwise:
      return {elements + 4 * divide_up(elements, 128)};  // fp32 scale for 1x128
    case Precision::mxfp8:
      return {elements + divide_up(elements, 32)};  // e8m0 scale for 32
    case Precision::nvfp4:
      return {divide_up(elements, 2) + divide_up(elements, 16)};  // e4m3 scale for 16
  }
  return {};
}

}  // namespace orrery::models
