#include "models/compile/data_parallel/data_parallel.h"

#include <algorithm>

#include "models/compile/data_parallel/gathered_units.h"
#include "models/compile/data_parallel/gradient_buckets.h"
#include "models/compile/data_parallel/offload.h"
#include "models/compile/roles.h"

namespace orrery::models {

using sim::TransferKind;

namespace {

std::map<int, Replicas> dense_replicas(const StageContext& context) {
  const LayoutSpec& layout = context.scenario.layout;
  const Sharding split = sharding(layout, context.replicas());
  std::map<int, Replicas> all = {
      {layout.tp, {split, role::dp, split.copies() > 1 ? role::shard : role::dp, role::shard_copies}}};
  for (const int degree : context.roles.degrees()) {
    const sim::GroupRole replicas = context.roles.replicas(degree);
    all[degree] = {sharding(layer_layout(layout, degree), context.replicas()), replicas, replicas, replicas};
  }
  return all;
}

Replicas expert_replicas_of(const StageContext& context) {
  const Sharding split = expert_sharding(context.scenario.layout, context.replicas());
  return {split, role::edp, split.copies() > 1 ? role::edp_shard : role::edp, role::edp_shard_copies};
}

// What one rank has of `elements`, if they are split.
double part(std::int64_t elements, bool split, const Sharding& sharding) {
  return static_cast<double>(elements) / (split ? sharding.group : 1);
}

}  // namespace

DataParallel::DataParallel(StageContext& context, const Chunks& chunks)
    : context_(context),
      sharding_(sharding(context.scenario.layout, context.replicas())),
      dense_(dense_replicas(context)),
      experts_(expert_replicas_of(context)) {
  for (const auto& chunk : chunks)
    for (const PieceTemplate& piece : chunk) {
      elements_[piece.degree] += piece.parameters;
      expert_elements_ += piece.expert_parameters;
    }
}

bool DataParallel::sharded() const {
  return std::any_of(dense_.begin(), dense_.end(), [](const auto& each) { return each.second.sharding.optimizer; });
}

double DataParallel::shard_elements() const {
  double sum = 0;
  for (const auto& [degree, elements] : elements_) {
    const Sharding& split = dense_.at(degree).sharding;
    sum += part(elements, split.optimizer, split);
  }
  return sum + part(expert_elements_, experts_.sharding.optimizer, experts_.sharding);
}

// Experts count as if they were split like the rest.
double DataParallel::gradient_elements() const {
  double sum = part(expert_elements_, sharding_.gradients, sharding_);
  for (const auto& [degree, elements] : elements_) {
    const Sharding& split = dense_.at(degree).sharding;
    sum += part(elements, split.gradients, split);
  }
  return sum;
}

double DataParallel::spread_elements() const {
  const auto spread = [](std::int64_t elements, const Sharding& split) {
    return split.optimizer && !split.parameters ? part(elements, true, split) : 0;
  };
  double sum = 0;
  for (const auto& [degree, elements] : elements_) sum += spread(elements, dense_.at(degree).sharding);
  return sum + spread(expert_elements_, experts_.sharding);
}

std::uint32_t DataParallel::buffer(Bytes bytes, MemoryCause cause, std::string_view label) {
  return context_.builder.buffer(bytes, static_cast<std::uint8_t>(cause), context_.builder.label(label));
}

// Each rank of a shard group gets the sum of its share over the group, and then,
// where there are several copies of the states, over those who hold the same share.
sim::OpRef DataParallel::sum_gradients(sim::StreamIndex stream, std::int64_t elements, const Replicas& replicas) {
  const Sharding& split = replicas.sharding;
  const Bytes whole{elements * reduced_gradient_bytes(context_.scenario)};
  constexpr auto kLabel = "reduce gradients";
  if (context_.scenario.layout.zeropp.quantized_gradients) return exchange_quantized(stream, elements);
  const bool whole_sums = split.copies() == 1 && context_.scenario.software.all_reduces_split_gradients;
  if (!split.optimizer || whole_sums)
    return context_.collective(stream, TransferKind::all_reduce, replicas.all, whole, TimeCategory::dp, kLabel);
  const sim::OpRef sum =
      context_.collective(stream, TransferKind::reduce_scatter, replicas.shard, whole, TimeCategory::dp, kLabel);
  if (split.copies() == 1) return sum;
  const Bytes share{split.share(elements) * reduced_gradient_bytes(context_.scenario)};
  return context_.collective(stream, TransferKind::all_reduce, replicas.copies, share, TimeCategory::dp,
                             "reduce gradient shards");
}

// ZeRO++ (arXiv:2306.10209, section 3.3): gradients of 4 bits are exchanged inside the node, summed,
// and exchanged once more between nodes.
sim::OpRef DataParallel::exchange_quantized(sim::StreamIndex stream, std::int64_t elements) {
  const int node = context_.scenario.layout.zeropp.node_group;
  const auto half = [](std::int64_t n) { return Bytes{(n + 1) / 2}; };
  sim::OpRef done = context_.collective(stream, TransferKind::all_to_all, role::node, half(elements), TimeCategory::dp,
                                        "exchange quantized gradients");
  if (sharding_.replicas > node)
    done = context_.collective(stream, TransferKind::all_to_all, role::node_copies, half(elements / node),
                               TimeCategory::dp, "exchange quantized gradients between nodes");
  return done;
}

sim::OpRef DataParallel::reduce_gradients(sim::StreamIndex stream, std::int64_t elements, const Replicas& replicas) {
  const sim::OpRef sum = sum_gradients(stream, elements, replicas);
  if (context_.scenario.layout.offload.optimizer != Place::gpu && replicas.sharding.gradients)
    copy_to_host(context_, sum, Bytes{replicas.sharding.share(elements) * kHostGradient}, "gradients to host");
  return sum;
}

sim::OpRef DataParallel::gather(sim::StreamIndex stream, Bytes bytes, sim::GroupRole group) {
  return context_.collective(stream, TransferKind::all_gather, group, bytes, TimeCategory::dp, "gather parameters");
}

std::unique_ptr<DataParallel> make_data_parallel(StageContext& context, const Chunks& chunks) {
  if (sharding(context.scenario.layout).parameters) return std::make_unique<GatheredUnits>(context, chunks);
  return std::make_unique<GradientBuckets>(context, chunks);
}

}  // namespace orrery::models
