#include "models/compile/data_parallel/optimizer_step.h"

#include <functional>
#include <map>

#include "models/compile/data_parallel/offload.h"
#include "models/compile/roles.h"
#include "models/layout/tensor_grid.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

bool is_fp8(Precision p) {
  return p >= Precision::fp8;
}

// Gradients of parameters that every TP rank holds, when each saw its own part of the sequence.
void reduce_norms(StageContext& context, const std::vector<std::vector<PieceTemplate>>& chunks) {
  if (!context.scenario.layout.sequence_parallel) return;
  std::map<int, std::int64_t, std::greater<>> replicated;  // by degree
  for (const auto& chunk : chunks)
    for (const PieceTemplate& piece : chunk) replicated[piece.degree] += piece.replicated_parameters;
  for (const auto& [degree, elements] : replicated)
    if (degree > 1 && elements > 0)
      context.collective(context.streams.main, sim::TransferKind::all_reduce, context.roles.tp(degree),
                         Bytes{elements * gradient_bytes(context.scenario)}, TimeCategory::tp, "reduce norm gradients");
}

// Squares on top of each other hold the same weights, and each saw its part of the batch.
void reduce_over_levels(StageContext& context, double elements) {
  const TensorGrid grid = tensor_grid(context.scenario.layout);
  if (grid.dimensions != TensorDimensions::tesseract || grid.depth == 1) return;
  const auto bytes = static_cast<std::int64_t>(elements) * gradient_bytes(context.scenario);
  context.collective(context.streams.main, sim::TransferKind::all_reduce, role::tp_level, Bytes{bytes},
                     TimeCategory::tp, "reduce gradients over levels");
}

// The first and the last stage each hold the embedding; both need the sum of their gradients.
void reduce_tied_embedding(StageContext& context) {
  const Scenario& s = context.scenario;
  const bool first = context.has_stage(0), last = context.has_stage(context.stages() - 1);
  // On a V, one rank has both, and so has each end of a bidirectional pipeline.
  if (!shares_embedding(s.model) || first == last) return;
  const TensorGrid grid = tensor_grid(s.layout);
  const int parts = grid.active() ? grid.weight_parts() : s.layout.tp;
  const std::int64_t elements = padded_vocab(s.model, s.layout) / parts * s.model.hidden;
  context.collective(context.streams.main, sim::TransferKind::all_reduce, role::embedding,
                     Bytes{elements * gradient_bytes(s)}, TimeCategory::pp, "reduce tied embedding");
}

// A scalar over everyone who holds a different part of the gradients, and the host waits for it.
void agree(StageContext& context, HostTimeline& host, bool sharded, std::string_view label) {
  // A post-validated step goes ahead and is undone later should the check fail, which we take it not to.
  if (!context.scenario.pipeline.optimizer_barrier) return;
  const LayoutSpec& layout = context.scenario.layout;
  // Without a flush there is no moment at which all stages could meet: each goes by its own gradients.
  const bool alone = !flushes(context.schedule), everybody = !alone && (sharded || layout.ep > 1);
  const sim::GroupRole group = alone ? role::tp : everybody ? role::world : role::model;
  const int members = everybody ? layout.gpus() : layout.tp * (alone ? 1 : layout.pp);
  if (members > 1)
    context.collective(context.streams.main, sim::TransferKind::all_reduce, group, Bytes{4}, TimeCategory::other,
                       label);
  host.meet(context.scenario.software.host_sync, label);
}

}  // namespace

void average_loss(StageContext& context) {
  const LayoutSpec& layout = context.scenario.layout;
  if (!context.has_stage(context.stages() - 1) || layout.dp * layout.cp * context.replicas() == 1) return;
  context.collective(context.streams.main, sim::TransferKind::all_reduce, role::dp, Bytes{4}, TimeCategory::dp,
                     "average loss");
}

double update_bytes_per_parameter(const Scenario& scenario) {
  const StateScheme scheme = state_scheme(scenario.training);
  const bool full = activation_bytes(scenario.training.precision) == 4;
  // The weights themselves read and written, or the 16-bit copy of the master; FSDP's shards have none.
  const double copy = full ? 8 : sharding(scenario.layout).shards_are_master ? 0 : 2;
  return gradient_bytes(scenario) + 2 * scheme.optimizer + copy;
}

void begin_step(StageContext& context, double parameters, double gradients) {
  const Scenario& s = context.scenario;
  context.stream_through("zero", gradients * gradient_bytes(s), TimeCategory::optimizer, "zero gradients");
  const bool by_units = sharding(s.layout).parameters || s.layout.offload.parameters != Place::gpu;
  if (!is_fp8(s.training.precision) || by_units) return;  // cast one by one
  // Read in 16 bits; written in 8, once as it is and once transposed.
  context.stream_through("cast", parameters * 4, TimeCategory::compute, "cast weights to fp8");
  if (s.training.precision == Precision::fp8 && s.layout.tp > 1)
    context.collective(context.streams.main, sim::TransferKind::all_reduce, role::tp, Bytes{4096}, TimeCategory::tp,
                       "reduce amax");
}

void optimizer_step(StageContext& context, const std::vector<std::vector<PieceTemplate>>& chunks, DataParallel& data,
                    HostTimeline& host) {
  const Scenario& s = context.scenario;
  const Stack& stack = s.software;
  const bool on_host = s.layout.offload.optimizer != Place::gpu;
  const bool gradients_on_host = on_host && sharding(s.layout).gradients;
  const double shard = gradients_on_host ? 0 : data.shard_elements();
  const double gradient = gradient_bytes(s);

  data.finish_gradients();
  if (!stack.loss_average_per_micro_batch) average_loss(context);
  reduce_norms(context, chunks);
  reduce_over_levels(context, data.shard_elements());
  reduce_tied_embedding(context);
  if (s.training.precision == Precision::fp16 && stack.check_overflow) {
    context.stream_through("scale", 2 * gradient * shard, TimeCategory::optimizer, "unscale and check gradients");
    agree(context, host, data.sharded(), "agree on overflow");
  }
  if (stack.clip_gradients) {
    context.stream_through("norm", gradient * shard, TimeCategory::optimizer, "gradient norm");
    agree(context, host, data.sharded(), "agree on gradient norm");
    context.stream_through("scale", 2 * gradient * shard, TimeCategory::optimizer, "clip gradients");
  }
  if (on_host) {
    update_on_host(context, data.shard_elements(), data.spread_elements(), gradients_on_host);
  } else {
    bring_masters(context, shard);
    const double update = update_bytes_per_parameter(s) + (stack.optimizer_fused ? 0 : 4);
    const sim::OpRef updated =
        context.stream_through("adam", update * shard, TimeCategory::optimizer, "update parameters");
    context.builder.wait(context.streams.main, put_away_parameters(context, context.streams.to_host, updated,
                                                                   shard - data.spread_elements()));
  }
  data.gather_parameters();
}

}  // namespace orrery::models
