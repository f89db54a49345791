#include "models/compile/data_parallel/offload.h"

#include <cmath>

#include "models/compile/data_parallel/optimizer_step.h"
#include "models/layout/sharding.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

sim::OpRef copy(StageContext& context, sim::TransferKind kind, sim::StreamIndex stream, sim::OpRef after, Bytes bytes,
                std::string_view label) {
  sim::ProgramBuilder& builder = context.builder;
  builder.wait(stream, after);
  return builder.copy(stream, {kind, 0, 0, bytes}, context.category(TimeCategory::offload), builder.label(label));
}

const topology::HostSpec& host_of(const StageContext& context) {
  return context.scenario.cluster.host_of(context.rank.node);
}

// Time at this GPU's even share of something that a node has.
sim::OpRef pass(StageContext& context, sim::StreamIndex stream, sim::OpRef after, double bytes, BytesPerSecond of_node,
                std::string_view label) {
  sim::ProgramBuilder& builder = context.builder;
  const double share = static_cast<double>(of_node.n) / context.scenario.cluster.gpus_per_node;
  const Duration time = share > 0 ? Duration::from_seconds(bytes / share) : Duration();
  builder.wait(stream, after);
  return builder.kernel(stream, slowed(time, 1.0), context.category(TimeCategory::offload),
                        sim::KernelClass::unaffected, builder.label(label));
}

// The host sees a parameter's gradient and states once to update them, the gradient once more to unscale and clip it,
// and what it updated once more to make the 16-bit copy that goes back (microsoft/DeepSpeed, runtime/zero/stage3.py:
// unscale_and_clip_grads, _reassign_or_swap_out_partitioned_parameters; FSDP's CPU offload clips there too, from
// memory).
double host_bytes_per_parameter(const Scenario& s) {
  const double states = 2 * state_scheme(s.training).optimizer;
  const double clipped = s.software.clip_gradients ? 2 * kHostGradient : 0;
  if (activation_bytes(s.training.precision) == 4) return kHostGradient + states + clipped + 8;
  const double copied = sharding(s.layout).shards_are_master ? 0 : 4 + 2;
  return kHostGradient + states + clipped + copied;
}

Bytes parameters(const Scenario& s, double elements) {
  return {std::llround(parameter_bytes(s) * elements)};
}

}  // namespace

sim::OpRef copy_to_host(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label) {
  return copy(context, sim::TransferKind::copy, context.streams.to_host, after, bytes, label);
}

sim::OpRef copy_from_host(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label) {
  return copy(context, sim::TransferKind::copy_in, context.streams.from_host, after, bytes, label);
}

sim::OpRef pass_disk(StageContext& context, sim::OpRef after, Bytes bytes, std::string_view label) {
  return pass(context, context.streams.disk, after, static_cast<double>(bytes.n), host_of(context).disk_bandwidth,
              label);
}

// Gradients cross if they have not yet; states on drives are read and written
// around the update; the new 16-bit parameters come back, or go to the drives.
void update_on_host(StageContext& context, double elements, double spread, bool gradients_are_there) {
  const Scenario& s = context.scenario;
  const auto bytes = [&](double each) { return Bytes{std::llround(each * elements)}; };
  sim::ProgramBuilder& builder = context.builder;
  if (!gradients_are_there)
    copy_to_host(context, builder.last(context.streams.main), bytes(kHostGradient), "gradients to host");
  builder.wait(context.streams.to_host, builder.last(context.streams.main));
  if (s.layout.offload.optimizer == Place::nvme) {
    pass_disk(context, builder.last(context.streams.main), bytes(update_bytes_per_parameter(s)),
              "optimizer states through drives");
    builder.wait(context.streams.to_host, builder.last(context.streams.disk));
  }
  sim::OpRef done = pass(context, context.streams.to_host, sim::OpRef::none(), host_bytes_per_parameter(s) * elements,
                         host_of(context).memory_bandwidth, "update parameters on the host");
  const Place rest = s.layout.offload.parameters;
  const double come = rest == Place::gpu ? elements : spread, stay = elements - come;
  if (rest == Place::nvme && stay > 0)
    builder.wait(context.streams.main, pass_disk(context, done, parameters(s, stay), "parameters to drives"));
  if (come > 0) done = copy_from_host(context, done, parameters(s, come), "parameters from host");
  builder.wait(context.streams.main, done);
}

void bring_masters(StageContext& context, double elements) {
  const Scenario& s = context.scenario;
  const Place rest = s.layout.offload.parameters;
  const bool kept = activation_bytes(s.training.precision) < 4 && !sharding(s.layout).shards_are_master;
  if (rest == Place::gpu || kept) return;
  sim::OpRef done = context.builder.last(context.streams.main);
  if (rest == Place::nvme) done = pass_disk(context, done, parameters(s, elements), "parameters from drives");
  context.builder.wait(context.streams.main,
                       copy_from_host(context, done, parameters(s, elements), "parameters from host"));
}

sim::OpRef put_away_parameters(StageContext& context, sim::StreamIndex stream, sim::OpRef after, double elements) {
  const Place rest = context.scenario.layout.offload.parameters;
  if (rest == Place::gpu || elements == 0) return sim::OpRef::none();
  const Bytes bytes = parameters(context.scenario, elements);
  const sim::OpRef left = copy(context, sim::TransferKind::copy, stream, after, bytes, "parameters to host");
  return rest == Place::nvme ? pass_disk(context, left, bytes, "parameters to drives") : left;
}

bool ActivationOffload::takes(const std::vector<PieceTemplate>& pieces, std::size_t piece) const {
  if (!active()) return false;
  const bool later_layer = piece + 1 < pieces.size() && pieces[piece + 1].kind == PieceKind::layer;
  return pieces[piece].kind == PieceKind::layer && later_layer;
}

void ActivationOffload::allocate(Held& held) {
  sim::ProgramBuilder& builder = context_.builder;
  held.buffer =
      builder.buffer(held.bytes, static_cast<std::uint8_t>(MemoryCause::activations), builder.label("activations"));
  builder.allocate(context_.streams.main, held.buffer);
}

void ActivationOffload::keep(int chunk, int micro_batch, std::size_t piece, Bytes bytes) {
  Held& held = held_[{chunk, micro_batch, piece}];
  held = {bytes, UINT32_MAX, sim::OpRef::none()};
  allocate(held);
}

void ActivationOffload::send(int chunk, int micro_batch, std::size_t piece) {
  settle();
  leaving_ = &held_[{chunk, micro_batch, piece}];
  departure_ =
      copy_to_host(context_, context_.builder.last(context_.streams.main), leaving_->bytes, "activations to host");
}

void ActivationOffload::settle() {
  if (!leaving_) return;
  context_.builder.wait(context_.streams.main, departure_);
  context_.builder.free(context_.streams.main, leaving_->buffer);
  leaving_->buffer = UINT32_MAX;
  leaving_ = nullptr;
}

void ActivationOffload::ask(Held& held) {
  if (held.buffer != UINT32_MAX) return;
  allocate(held);
  held.arrival =
      copy_from_host(context_, context_.builder.last(context_.streams.main), held.bytes, "activations from host");
}

void ActivationOffload::bring(int chunk, int micro_batch, std::size_t piece) {
  settle();
  const auto here = held_.find({chunk, micro_batch, piece});
  if (here != held_.end()) ask(here->second);
  if (piece > 0)
    if (const auto next = held_.find({chunk, micro_batch, piece - 1}); next != held_.end()) ask(next->second);
  if (here != held_.end()) context_.builder.wait(context_.streams.main, here->second.arrival);
}

void ActivationOffload::drop(int chunk, int micro_batch, std::size_t piece) {
  const auto here = held_.find({chunk, micro_batch, piece});
  if (here == held_.end()) return;
  context_.builder.free(context_.streams.main, here->second.buffer);
  held_.erase(here);
}

}  // namespace orrery::models
