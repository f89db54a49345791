#include "report/result.h"

#include "models/architecture/operators.h"
#include "models/compute/gemm.h"
#include "report/json.h"
#include "sim/base/digest.h"

namespace orrery::report {
namespace {

using topology::Dtype;

double per_second(double amount, Duration step) {
  return step > Duration() ? amount / step.seconds() : 0;
}

// TFLOP/s of one GPU.
double tflops_per_gpu(Flops work, Duration step, int gpus) {
  return per_second(work.n, step) / gpus * 1e-12;
}

double share_of_peak(double tflops, FlopsPerSecond peak) {
  return peak.n > 0 ? tflops * 1e12 / peak.n : 0;
}

Convention convention(const char* name, Flops work, const Result& result) {
  const double tflops = tflops_per_gpu(work, result.step_time, result.gpus);
  return {name, work, tflops, share_of_peak(tflops, result.peak)};
}

void fill_rates(const models::Scenario& scenario, Result& result) {
  const auto sequences = static_cast<double>(scenario.training.global_batch);
  result.samples_per_s = per_second(sequences, result.step_time);
  result.tokens_per_s = result.samples_per_s * static_cast<double>(scenario.training.sequence_length);
}

FlopsPerSecond mean_peak(const topology::ClusterSpec& cluster, Dtype dtype) {
  if (cluster.groups.empty()) return {models::peak_flops(cluster.gpu, dtype)};
  double sum = 0;
  for (int kind = 0; kind < cluster.kinds(); ++kind)
    sum += models::peak_flops(cluster.gpu_of(kind), dtype) * cluster.nodes_of(kind);
  return {sum / cluster.nodes};
}

void fill_flops(const models::Scenario& scenario, Result& result) {
  const Dtype dtype = models::linear_dtype(scenario.training.precision);
  result.peak_dtype = to_string(dtype);
  result.peak = mean_peak(scenario.cluster, dtype);

  const models::StepFlops flops = models::step_flops(scenario);
  result.model_flops = flops.model_causal;
  result.hardware_flops = flops.hardware;
  result.model_tflops_per_gpu = tflops_per_gpu(flops.model_causal, result.step_time, result.gpus);
  result.mfu = share_of_peak(result.model_tflops_per_gpu, result.peak);
  result.hfu = share_of_peak(tflops_per_gpu(flops.hardware, result.step_time, result.gpus), result.peak);
  result.conventions = {
      convention("model-full", flops.model_full, result),
      convention("model-causal", flops.model_causal, result),
      convention("megatron-2021", flops.megatron_2021, result),
      convention("palm", flops.palm, result),
  };
}

std::string describe_schedule(const models::Scenario& scenario) {
  std::string text = scenario.pipeline.schedule;
  if (scenario.pipeline.virtual_stages > 1)
    text += ", " + std::to_string(scenario.pipeline.virtual_stages) + " chunks a rank";
  return text + ", " + std::to_string(scenario.micro_batches()) + " micro-batches of " +
         std::to_string(scenario.training.micro_batch);
}

std::vector<std::pair<std::string, Bytes>> bytes_by_kind(const RunInputs& inputs) {
  // Every kind of the contract is told, also where nothing crossed it.
  std::vector<std::pair<std::string, Bytes>> totals;
  for (int kind = 0; kind < topology::kLinkKinds; ++kind)
    totals.emplace_back(to_string(static_cast<topology::LinkKind>(kind)), Bytes{});

  const sim::Workload& workload = inputs.compiled.workload;
  std::vector<Bytes> by_kind(workload.link_kinds.size());
  for (const sim::LinkLoads::Alike& of : inputs.run.links.alike())
    by_kind[workload.links[of.first].kind] += of.load.bytes * of.links;
  for (std::size_t k = 0; k < by_kind.size(); ++k)
    for (auto& [kind, bytes] : totals)
      if (kind == workload.link_kinds[k]) bytes += by_kind[k];
  return totals;
}

}  // namespace

double Result::bubble_fraction() const {
  return step_time > Duration() ? time.bubble.seconds() / step_time.seconds() : 0;
}

Result figures_of(const RunInputs& inputs) {
  Result result;
  result.digest = inputs.run.digest;
  result.gpus = inputs.scenario.layout.gpus();
  result.step_time = inputs.run.step_time();
  result.time = mean_time(inputs.run);
  fill_rates(inputs.scenario, result);
  fill_flops(inputs.scenario, result);
  result.memory = memory_of(inputs);
  result.ranks_simulated = inputs.ranks_simulated;
  result.ops = inputs.run.ops;
  result.events = inputs.run.events;
  result.wall_s = inputs.wall_s;
  return result;
}

std::vector<std::string> warnings_of(const models::Scenario& scenario, const models::Compiled& compiled) {
  std::vector<std::string> warnings = scenario.warnings;
  if (compiled.calibration && !compiled.calibration->stand_in.empty())
    warnings.push_back(compiled.calibration->file + " was made without hardware (" + compiled.calibration->stand_in +
                       "): nothing of it was measured");
  return warnings;
}

Result make_result(const RunInputs& inputs) {
  const models::Scenario& scenario = inputs.scenario;
  Result result = figures_of(inputs);
  result.scenario = scenario.name;
  result.file = scenario.file;
  result.layout = scenario.layout;
  result.schedule = describe_schedule(scenario);
  result.gpu = scenario.cluster.gpu_names();
  result.bytes_by_link_kind = bytes_by_kind(inputs);
  result.busiest_links = busiest_links(inputs, 5);
  result.defaults_used = scenario.defaults_used;
  result.warnings = warnings_of(scenario, inputs.compiled);
  result.calibration = inputs.compiled.calibration;
  result.assumptions = assumptions_of(scenario, inputs.compiled);
  for (const models::PublishedValue& value : scenario.published) {
    result.published.push_back({value, metric(result, value.metric, value.convention)});
    if (!result.published.back().predicted)
      result.warnings.push_back("published: '" + value.metric + "' is no numeric path of the result");
  }
  return result;
}

}  // namespace orrery::report
