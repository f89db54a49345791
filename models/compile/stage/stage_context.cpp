#include "models/compile/stage/stage_context.h"

#include <algorithm>
#include <cmath>

#include "models/layout/sharding.h"
#include "models/memory/states.h"

namespace orrery::models {

namespace {

bool overlaps(const std::vector<Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const Action& a) { return a.type == Action::Type::overlap; });
}

std::optional<Scenario> own_scenario(const Scenario& scenario, int stage) {
  if (scenario.layout.stage_replicas.empty()) return std::nullopt;
  Scenario own = scenario;
  own.layout.dp = scenario.layout.stage_replicas[static_cast<std::size_t>(stage)];
  return own;
}

template <class T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

}  // namespace

StageContext::StageContext(const Scenario& s, const Schedule& order, const RankKind& who, KernelTable& table,
                           TensorTable& lists, KnownLayers& known, Form how)
    : own(own_scenario(s, who.stage)),
      scenario(own ? *own : s),
      schedule(order),
      rank(who),
      stage(who.stage),
      kernels(table),
      tensors(lists),
      layers(known),
      form(how),
      roles(s),
      builder("stage " + std::to_string(who.stage)) {}

void StageContext::begin() {
  if (form == Form::with_calls) builder.label("");  // the first: of ops of pieces, which are without
  streams.main = builder.add_stream("compute");
  streams.host = builder.add_stream("host");
  streams.tp = builder.add_stream("tp");
  streams.send_forward = builder.add_stream("send forward");
  streams.receive_forward = builder.add_stream("receive forward");
  streams.send_backward = builder.add_stream("send backward");
  streams.receive_backward = builder.add_stream("receive backward");
  streams.gradients = builder.add_stream("gradients");
  streams.parameters = builder.add_stream("parameters");
  if (scenario.model.moe) streams.ep = builder.add_stream("ep");
  if (scenario.model.moe && overlaps(actions())) streams.ep_hidden = builder.add_stream("ep hidden");
  if (!scenario.layout.offload.any()) return;
  streams.to_host = builder.add_stream("to host");
  streams.from_host = builder.add_stream("from host");
  streams.disk = builder.add_stream("disk");
  if (scenario.layout.offload.parameters != Place::gpu) streams.away = builder.add_stream("parameters to host");
}

bool StageContext::updates_behind(std::size_t i) const {
  const Action& action = actions()[i];
  if (flushes(schedule) || !makes_weight_gradient(action.type)) return false;
  const bool each = schedule.traits.versions == 0;
  return each || action.micro_batch + 1 == schedule.request.micro_batches;
}

sim::OpRef StageContext::stream_through(std::string_view family, double bytes, TimeCategory c, std::string_view label) {
  if (bytes <= 0) return builder.last(streams.main);
  const Kernel kernel{MemoryBoundShape{std::string(family), Bytes{std::llround(bytes)}}};
  const std::uint32_t index = kernels.index(kernel);
  add_once(kernels_beside, index);
  return builder.kernel(streams.main, slowed(kernels.time(index, rank.node), rank.slowdown), category(c),
                        kernel.kernel_class(), builder.label(label), index);
}

sim::OpRef StageContext::collective(sim::StreamIndex stream, sim::TransferKind kind, sim::GroupRole group, Bytes bytes,
                                    TimeCategory c, std::string_view label) {
  const sim::Transfer transfer{kind, group, 0, bytes};
  add_once(transfers_beside, transfer);
  return builder.collective(stream, transfer, category(c), builder.label(label));
}

int activation_bytes(Precision precision) {
  return precision == Precision::fp32 || precision == Precision::tf32 ? 4 : 2;
}

int gradient_bytes(const Scenario& scenario) {
  const bool full = activation_bytes(scenario.training.precision) == 4;
  const bool wide = full || scenario.training.gradients == GradientType::fp32;
  return wide || sharding(scenario.layout).shards_are_master ? 4 : 2;
}

int reduced_gradient_bytes(const Scenario& scenario) {
  if (scenario.software.reduce_in_fp32 || activation_bytes(scenario.training.precision) == 4) return 4;
  return scenario.training.gradients == GradientType::fp32 ? 4 : 2;
}

int parameter_bytes(const Scenario& scenario) {
  return activation_bytes(scenario.training.precision);
}

Bytes gathered_bytes(const Scenario& scenario, PieceKind kind, std::int64_t parameters) {
  const TrainingSpec& training = scenario.training;
  double width = parameter_bytes(scenario);
  if (kind == PieceKind::layer && (training.gather || training.parameters))
    width = stored_width(training.gather.value_or(training.parameters.value_or(training.precision)));
  if (scenario.layout.zeropp.quantized_weights) width = 1;
  return {std::llround(width * static_cast<double>(parameters))};
}

}  // namespace orrery::models
