#include "models/compile/stage_context.h"

#include <cmath>

namespace orrery::models {

StageContext::StageContext(const Scenario& s, const Schedule& order, int pipeline_rank, double factor,
                           KernelTable& table)
    : scenario(s),
      schedule(order),
      stage(pipeline_rank),
      slowdown(factor),
      kernels(table),
      builder("stage " + std::to_string(pipeline_rank)) {
  streams.main = builder.add_stream("compute");
  streams.host = builder.add_stream("host");
  streams.tp = builder.add_stream("tp");
  streams.send_forward = builder.add_stream("send forward");
  streams.receive_forward = builder.add_stream("receive forward");
  streams.send_backward = builder.add_stream("send backward");
  streams.receive_backward = builder.add_stream("receive backward");
  streams.gradients = builder.add_stream("gradients");
  streams.parameters = builder.add_stream("parameters");
}

sim::OpRef StageContext::stream_through(std::string_view family, double bytes, TimeCategory c, std::string_view label) {
  if (bytes <= 0) return builder.last(streams.main);
  const Kernel kernel{MemoryBoundShape{std::string(family), Bytes{std::llround(bytes)}}};
  const std::uint32_t index = kernels.index(kernel);
  return builder.kernel(streams.main, slowed(kernels.time(index), slowdown), category(c), kernel.kernel_class(),
                        builder.label(label), index);
}

sim::OpRef StageContext::collective(sim::StreamIndex stream, sim::TransferKind kind, sim::GroupRole group, Bytes bytes,
                                    TimeCategory c, std::string_view label) {
  return builder.collective(stream, {kind, group, 0, bytes}, category(c), builder.label(label));
}

int activation_bytes(Precision precision) {
  return precision == Precision::fp32 || precision == Precision::tf32 ? 4 : 2;
}

int gradient_bytes(const Scenario& scenario) {
  const bool full = activation_bytes(scenario.training.precision) == 4;
  return full || scenario.training.gradients == GradientType::fp32 ? 4 : 2;
}

int reduced_gradient_bytes(const Scenario& scenario) {
  return scenario.software.reduce_in_fp32 ? 4 : gradient_bytes(scenario);
}

int parameter_bytes(const Scenario& scenario) {
  return activation_bytes(scenario.training.precision);
}

}  // namespace orrery::models
