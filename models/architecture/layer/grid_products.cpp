#include "models/architecture/layer/grid_products.h"

#include <utility>

namespace orrery::models {
namespace {

using sim::TransferKind;
using Half = StepList::Half;

constexpr std::int64_t kFp32 = 4;

LayerStep aside(LayerStep step) {
  step.side = true;
  return step;
}

// Blocks that one product after the other needs: the first in the way, each later
// one under the product before it.
class Coming {
 public:
  Coming(std::vector<LayerStep> blocks, Half half, StepList& list)
      : blocks_(std::move(blocks)), half_(half), list_(list) {
    for (const LayerStep& block : blocks_) list_.add(block, half_);
  }
  void next() {
    for (const LayerStep& block : blocks_) last_ = list_.add(aside(block), half_);
  }
  // The product of the blocks that came before `next`.
  void meet() {
    if (came_ >= 0) list_.next_waits_for(came_);
    came_ = std::exchange(last_, -1);
  }

 private:
  std::vector<LayerStep> blocks_;
  Half half_;
  StepList& list_;
  int came_ = -1, last_ = -1;
};

// SUMMA: `side` products, what each needs and what is done with each result.
void summa(int side, const std::vector<LayerStep>& needs, const LayerStep& product, const LayerStep* sum, Half half,
           StepList& list) {
  Coming coming(needs, half, list);
  int summed = -1;
  for (int i = 0; i < side; ++i) {
    if (i + 1 < side) coming.next();
    coming.meet();
    list.add(product, half);
    if (sum) summed = list.add(aside(*sum), half);
  }
  if (summed >= 0) list.next_waits_for(summed);
}

struct Blocks {
  Bytes input, weight, output;  // of a rank
};

Blocks blocks_of(const RankShape& shape, const Linear& linear) {
  return {shape.activation(shape.tokens, linear.in), shape.activation(linear.in, linear.out),
          shape.activation(shape.tokens, linear.out)};
}

LayerStep along(LayerGroup group, TransferKind kind, const std::string& label, Bytes bytes) {
  return group_step(std::string(to_string(kind)) + ' ' + label, kind, group, bytes);
}

LayerStep forward_product(const Linear& linear, std::int64_t rows) {
  return gemm_step(linear.name, {1, rows, linear.out, linear.in, linear.dtype, GemmRole::forward, false});
}
LayerStep data_gradient_product(const Linear& linear, std::int64_t rows) {
  return gemm_step(linear.name + " dgrad",
                   {1, rows, linear.in, linear.out, linear.dtype, GemmRole::data_gradient, false});
}
LayerStep weight_gradient_product(const Linear& linear, std::int64_t rows) {
  return gemm_step(linear.name + " wgrad",
                   {1, linear.out, linear.in, rows, linear.dtype, GemmRole::weight_gradient, false});
}

void accumulate(const RankShape& shape, const Linear& linear, StepList& list) {
  const std::int64_t weights = grid_stored_weight(shape.grid, linear);
  if (shape.main_gradient > 0)
    list.add_weight(memory_step(linear.name + " accumulate", "axpy", shape.accumulated(weights)));
}

// A square's bias stands in parts along columns; a cube's whole on every rank of a slice.
void gather_bias(const RankShape& shape, const Linear& linear, StepList& list) {
  if (linear.bias && !shape.grid.cube())
    list.add(
        along(LayerGroup::tp_column, TransferKind::all_gather, linear.name + " bias", shape.activation(1, linear.out)));
}

void sum_slice(LayerGroup other, const std::string& label, Bytes bytes, StepList& list) {
  for (const LayerGroup group : {LayerGroup::tp_row, other})
    list.add_weight(along(group, TransferKind::all_reduce, label, bytes));
}

void sum_bias(const RankShape& shape, const Linear& linear, LayerGroup cut, StepList& list) {
  if (!linear.bias) return;
  const Bytes bytes = shape.activation(1, linear.out);
  list.add_weight(
      memory_step(linear.name + " bias gradient", "bias_gradient", shape.activation(shape.tokens, linear.out)));
  if (shape.grid.cube()) return sum_slice(cut, linear.name + " bias gradient", bytes, list);
  list.add_weight(along(LayerGroup::tp_column, TransferKind::reduce_scatter, linear.name + " bias gradient", bytes));
}

// --- square, tesseract

void square_forward(const RankShape& shape, const Linear& linear, StepList& list) {
  const Blocks bytes = blocks_of(shape, linear);
  summa(shape.grid.side,
        {along(LayerGroup::tp_row, TransferKind::broadcast, linear.name + " input", bytes.input),
         along(LayerGroup::tp_column, TransferKind::broadcast, linear.name + " weight", bytes.weight)},
        forward_product(linear, shape.tokens), nullptr, Half::input, list);
}

void square_weight_gradient(const RankShape& shape, const Linear& linear, Bytes sent, const std::string& what,
                            StepList& list) {
  const LayerStep sum = along(LayerGroup::tp_column, TransferKind::reduce, linear.name + " wgrad",
                              shape.activation(linear.in, linear.out));
  summa(shape.grid.side, {along(LayerGroup::tp_row, TransferKind::broadcast, linear.name + ' ' + what, sent)},
        weight_gradient_product(linear, shape.tokens), &sum, Half::weight, list);
}

void square_backward(const RankShape& shape, const Linear& linear, StepList& list) {
  const Blocks bytes = blocks_of(shape, linear);
  const LayerStep sum = along(LayerGroup::tp_row, TransferKind::reduce, linear.name + " dgrad", bytes.input);
  summa(shape.grid.side, {along(LayerGroup::tp_column, TransferKind::broadcast, linear.name + " weight", bytes.weight)},
        data_gradient_product(linear, shape.tokens), &sum, Half::input, list);
  square_weight_gradient(shape, linear, bytes.input, "input", list);
}

// --- cube

struct Ways {
  LayerGroup gathers, cuts;
};
Ways ways(GridTurn turn) {
  if (turn == GridTurn::out) return {LayerGroup::tp_column, LayerGroup::tp_level};
  return {LayerGroup::tp_level, LayerGroup::tp_column};
}

void cube_forward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list) {
  const Blocks bytes = blocks_of(shape, linear);
  const int side = shape.grid.side;
  list.add(along(ways(turn).gathers, TransferKind::all_gather, linear.name + " input", bytes.input * side));
  list.add(along(LayerGroup::tp_row, TransferKind::all_gather, linear.name + " weight", bytes.weight));
  list.add(forward_product(linear, shape.tokens * side));
  list.add(along(ways(turn).cuts, TransferKind::reduce_scatter, linear.name, bytes.output * side));
}

// The sum of dX goes on under the weight gradient.
void cube_backward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list) {
  const Blocks bytes = blocks_of(shape, linear);
  const int side = shape.grid.side;
  list.add(along(ways(turn).cuts, TransferKind::all_gather, linear.name + " gradient", bytes.output * side));
  list.add(data_gradient_product(linear, shape.tokens * side));
  const int summed = list.add(
      aside(along(ways(turn).gathers, TransferKind::reduce_scatter, linear.name + " dgrad", bytes.input * side)));
  list.add_weight(weight_gradient_product(linear, shape.tokens * side));
  list.add_weight(along(LayerGroup::tp_row, TransferKind::reduce_scatter, linear.name + " wgrad", bytes.weight));
  list.next_waits_for(summed);
}

}  // namespace

void grid_forward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list) {
  gather_bias(shape, linear, list);
  if (shape.grid.cube()) return cube_forward(shape, linear, turn, list);
  square_forward(shape, linear, list);
}

void grid_backward(const RankShape& shape, const Linear& linear, GridTurn turn, StepList& list) {
  if (shape.grid.cube())
    cube_backward(shape, linear, turn, list);
  else
    square_backward(shape, linear, list);
  accumulate(shape, linear, list);
  sum_bias(shape, linear, ways(turn).cuts, list);
}

void grid_logits_forward(const RankShape& shape, const Linear& linear, StepList& list) {
  if (shape.grid.cube()) return cube_forward(shape, linear, GridTurn::out, list);
  const Blocks bytes = blocks_of(shape, linear);
  const LayerStep sum = along(LayerGroup::tp_row, TransferKind::reduce, linear.name, bytes.output);
  summa(shape.grid.side, {along(LayerGroup::tp_column, TransferKind::broadcast, linear.name + " weight", bytes.weight)},
        forward_product(linear, shape.tokens), &sum, Half::input, list);
}

void grid_logits_backward(const RankShape& shape, const Linear& linear, StepList& list) {
  const Blocks bytes = blocks_of(shape, linear);
  if (shape.grid.cube()) {
    cube_backward(shape, linear, GridTurn::out, list);
  } else {
    summa(shape.grid.side,
          {along(LayerGroup::tp_row, TransferKind::broadcast, linear.name + " gradient", bytes.output),
           along(LayerGroup::tp_column, TransferKind::broadcast, linear.name + " weight", bytes.weight)},
          data_gradient_product(linear, shape.tokens), nullptr, Half::input, list);
    square_weight_gradient(shape, linear, bytes.output, "gradient", list);
  }
  accumulate(shape, linear, list);
}

namespace {

// Where the parts of a hidden vector are: along a square's rows, a cube's levels.
LayerGroup hidden_group(const TensorGrid& grid) {
  return grid.cube() ? LayerGroup::tp_level : LayerGroup::tp_row;
}

// Mean and mean square, or the latter alone; and as many sums backward.
void sum_statistics(const LayerContext& context, const std::string& label, StepList& list) {
  const int sums = context.model().norm == Norm::rmsnorm ? 1 : 2;
  list.add(along(hidden_group(context.shape.grid), TransferKind::all_reduce, label + " sums",
                 {kFp32 * sums * context.shape.tokens}));
}

Bytes scales(const LayerContext& context) {
  return context.shape.activation(context.model().norm == Norm::rmsnorm ? 1 : 2, context.shape.hidden);
}

}  // namespace

void grid_norm_forward(const LayerContext& context, const std::string& label, StepList& list) {
  sum_statistics(context, label, list);
  if (!context.shape.grid.cube())
    list.add(along(LayerGroup::tp_column, TransferKind::all_gather, label + " scale", scales(context)));
}

void grid_norm_backward(const LayerContext& context, const std::string& label, StepList& list) {
  sum_statistics(context, label + " backward", list);
  const std::string gradient = label + " scale gradient";
  if (context.shape.grid.cube()) return sum_slice(LayerGroup::tp_column, gradient, scales(context), list);
  list.add_weight(along(LayerGroup::tp_column, TransferKind::reduce_scatter, gradient, scales(context)));
}

void grid_embedding_forward(const RankShape& shape, StepList& list) {
  const int side = shape.grid.side;
  const Bytes all = shape.full_hidden() * side;
  if (shape.grid.cube())
    list.add(
        along(LayerGroup::tp_row, TransferKind::all_gather, "embedding", shape.activation(shape.vocab, shape.hidden)));
  list.add(memory_step("embedding lookup", "embedding", all * 2));
  list.add(along(LayerGroup::tp_column, TransferKind::reduce_scatter, "embedding", all));
}

void grid_embedding_backward(const RankShape& shape, StepList& list) {
  const int side = shape.grid.side;
  const std::int64_t table = shape.vocab * shape.hidden, stored = shape.grid.cube() ? table / side : table;
  const Bytes all = shape.full_hidden() * side;
  list.add_weight(along(LayerGroup::tp_column, TransferKind::all_gather, "embedding gradient", all));
  list.add_weight(memory_step("zero table gradient", "zero", {table * shape.element}));
  list.add_weight(memory_step("embedding backward", "embedding", all * 2));
  if (shape.grid.cube())
    list.add_weight(along(LayerGroup::tp_row, TransferKind::reduce_scatter, "table gradient", {table * shape.element}));
  if (shape.main_gradient > 0) list.add_weight(memory_step("embedding accumulate", "axpy", shape.accumulated(stored)));
}

LayerGroup grid_vocabulary_group(const TensorGrid& grid) {
  return grid.cube() ? LayerGroup::tp_column : LayerGroup::tp_row;
}

std::int64_t grid_stored_weight(const TensorGrid& grid, const Linear& linear) {
  return linear.in * linear.out / (grid.cube() ? grid.side : 1);
}

std::int64_t grid_kept_input(const TensorGrid& grid, std::int64_t elements) {
  return grid.cube() ? elements * grid.side : elements;
}

std::int64_t grid_kept_weight(const TensorGrid& grid, const Linear& linear) {
  return grid.cube() ? linear.in * linear.out : 0;
}

// Two of each block that comes or leaves, the one at hand and the next; in a cube,
// what is gathered and what is not cut yet.
Bytes grid_workspace(const RankShape& shape, const Linear& linear) {
  const Blocks bytes = blocks_of(shape, linear);
  if (!shape.grid.cube()) return (bytes.input + bytes.weight) * 2;
  return (bytes.output + bytes.input) * shape.grid.side + bytes.weight;
}

}  // namespace orrery::models
