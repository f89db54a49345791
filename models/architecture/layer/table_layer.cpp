#include "models/architecture/layer/table_layer.h"

#include <algorithm>
#include <cmath>

#include "models/architecture/layer/ends/ends.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// A row of the table on one rank: bytes of a micro-batch.
struct Row {
  Row(const LayerContext& all, const TableLayer& row) : context(all), layer(row), tp(all.shape.tp) {
    output = of_batch(layer.output);
    handed = of_batch(layer.handed(tp));
    kept = of_batch(layer.kept(tp));
    if (context.layer == 0) return;  // every rank's samples come from its loader, and want no gradient
    const TableLayer& before = context.model().table[static_cast<std::size_t>(context.layer) - 1];
    input = of_batch(before.output);
    arrives = of_batch(before.handed(tp));
    read = layer.reads == TableInput::whole ? input : Bytes{input.n / tp};
  }

  Bytes of_batch(Bytes of_sample) const { return of_sample * context.shape.batch; }
  bool multiplies() const { return layer.parameters > 0 && layer.forward_flops > 0; }
  // What other ranks have of the input, where it comes in parts and is read whole.
  Bytes others() const { return read > arrives ? read - arrives : Bytes{}; }
  bool gathers() const { return others().n > 0; }
  bool gathers_again() const { return gathers() && multiplies() && context.stack().regather_inputs; }
  bool keeps_gathered() const { return gathers() && multiplies() && !context.stack().regather_inputs; }

  const LayerContext& context;
  const TableLayer& layer;
  int tp = 1;
  Bytes input, output;          // of all ranks
  Bytes arrives, read, handed;  // what the layer before hands to this rank, what it reads, what it hands on
  Bytes kept;
};

Row row_of(const LayerContext& context) {
  return {context, context.model().table[static_cast<std::size_t>(context.layer)]};
}

// Columns of the rank's weights, the whole layer's being square: a matrix that is split one way keeps the other
// side, one that is split both ways (groups, or two products in one row) is square again.
double columns(const Row& row) {
  const double side = std::sqrt(static_cast<double>(row.layer.parameters)), tp = row.tp;
  if (!row.layer.is_split()) return side;
  const bool own_input = row.layer.reads == TableInput::own, sums = row.layer.is_summed();
  if (own_input != sums) return side / std::sqrt(tp);
  return sums ? side : side / tp;
}

GemmShape product(const Row& row, GemmRole role) {
  const LayerContext& context = row.context;
  const auto weights = static_cast<double>(row.layer.parameters_on(row.tp));
  const double flops = row.layer.is_split() ? row.layer.forward_flops / row.tp : row.layer.forward_flops;
  GemmShape shape;
  shape.n = std::max<std::int64_t>(1, std::llround(columns(row)));
  shape.k = std::max<std::int64_t>(1, std::llround(weights / static_cast<double>(shape.n)));
  const double uses = flops / (2 * static_cast<double>(shape.n) * static_cast<double>(shape.k));
  shape.m = std::max<std::int64_t>(1, std::llround(static_cast<double>(context.shape.batch) * uses));
  shape.dtype = context.shape.linear_type;
  shape.role = role;
  if (role == GemmRole::data_gradient) std::swap(shape.n, shape.k);
  if (role == GemmRole::weight_gradient) {
    std::swap(shape.m, shape.k);
    shape.accumulate = context.stack().fused_wgrad_accumulation && context.shape.main_gradient > 0;
  }
  return shape;
}

void forward(const Row& row, StepList& list) {
  const std::string& name = row.layer.name;
  if (row.gathers()) list.add(tp_step("all-gather " + name + " input", TransferKind::all_gather, row.input));
  if (row.multiplies()) list.add(gemm_step(name, product(row, GemmRole::forward)));
  const bool scatters = row.layer.makes == TableOutput::scatter;
  if (row.tp > 1 && row.layer.is_summed())
    list.add(tp_step((scatters ? "reduce-scatter " : "all-reduce ") + name,
                     scatters ? TransferKind::reduce_scatter : TransferKind::all_reduce, row.output));
  list.add(memory_step(name + " output", "default", (row.multiplies() ? row.handed : row.read) + row.handed));
}

// What makes the input's gradient as the layer before handed the input on: sums over ranks that read it whole and
// made parts of the output from it, or the parts of ranks that read their own of what all had.
std::optional<LayerStep> exchange_gradient(const Row& row) {
  const std::string what = row.layer.name + " input gradient";
  const bool whole = row.layer.reads == TableInput::whole;
  if (row.tp == 1 || row.input.n == 0 || !row.layer.is_split()) return std::nullopt;
  if (row.gathers()) return tp_step("reduce-scatter " + what, TransferKind::reduce_scatter, row.input);
  if (whole) return tp_step("all-reduce " + what, TransferKind::all_reduce, row.input);
  if (row.arrives > row.read) return tp_step("all-gather " + what, TransferKind::all_gather, row.input);
  return std::nullopt;
}

void weight_gradient(const Row& row, int gathered, StepList& list) {
  LayerStep step = gemm_step(row.layer.name + " wgrad", product(row, GemmRole::weight_gradient));
  step.waits_for = gathered;
  list.add_weight(std::move(step));
}

void backward(const Row& row, StepList& list) {
  const std::string& name = row.layer.name;
  list.add(
      memory_step(name + " output backward", "default", row.handed * 2 + (row.multiplies() ? row.handed : row.read)));
  if (row.tp > 1 && row.layer.makes == TableOutput::scatter)
    list.add(tp_step("all-gather " + name + " gradient", TransferKind::all_gather, row.output));
  int gathered = -1;
  if (row.gathers_again()) {
    LayerStep again = tp_step("all-gather " + name + " input again", TransferKind::all_gather, row.input);
    again.side = true;
    gathered = list.add_weight(std::move(again));
  }
  if (row.multiplies() && row.context.layer > 0)
    list.add(gemm_step(name + " dgrad", product(row, GemmRole::data_gradient)));
  const bool beside = row.context.stack().async_tp_dgrad && row.multiplies();
  int exchanged = -1;
  if (std::optional<LayerStep> step = exchange_gradient(row)) {
    step->side = beside;
    exchanged = list.add(std::move(*step));
  }
  if (row.multiplies()) weight_gradient(row, gathered, list);
  if (beside && exchanged >= 0) list.next_waits_for(exchanged);
}

// Tensors that stand while the backward runs: the gradient of the output, gathered where it came in parts of a
// sum; that of the input, and behind it what is made of it over ranks; the input gathered again.
Bytes backward_set(const Row& row) {
  Bytes set = row.handed + row.read;
  if (row.tp > 1 && row.layer.makes == TableOutput::scatter) set += row.output;
  if (exchange_gradient(row) && row.arrives != row.read) set += row.arrives;
  if (row.gathers_again()) set += row.others();
  return set;
}

// Beside what is kept: an input that is gathered for a while, and sums before they are cut.
Bytes forward_set(const Row& row) {
  Bytes set = row.keeps_gathered() ? Bytes{} : row.others();
  if (row.tp > 1 && row.layer.makes == TableOutput::scatter) set += row.output;
  return set;
}

}  // namespace

PieceWork table_work(const LayerContext& context, bool recomputed) {
  const Row row = row_of(context);
  PieceWork work;
  StepList ahead, back;
  forward(row, ahead);
  if (recomputed) back.append(ahead, true);
  backward(row, back);
  work.forward = ahead.steps();
  set_backward(context, std::move(back), work);
  const Bytes gathered = row.keeps_gathered() ? row.others() : Bytes{};
  const auto save = [&](const char* label, Bytes bytes) {
    if (bytes.n > 0) work.saved.push_back({label, bytes, true});
  };
  save(recomputed ? "layer input" : "activations", recomputed ? row.arrives : row.kept);
  if (!recomputed) save("input of other ranks", gathered);
  work.output = row.handed;
  work.forward_transient = forward_set(row);
  work.backward_transient = backward_set(row);
  if (!recomputed) return work;
  // Then all that is kept otherwise stands for a while, in each of both passes.
  work.forward_transient += row.kept + gathered;
  work.backward_transient += row.kept + gathered;
  return work;
}

}  // namespace orrery::models
