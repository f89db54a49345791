// What the machine can do of what the scenario asks for.
#include <string>
#include <vector>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

// A calibration is of one GPU, and stands for what nodes do among themselves too.
void check_calibration(Reading& reading) {
  if (reading.written("calibration") && reading.scenario.cluster.kinds() > 1)
    reading.not_yet(reading.at("calibration"), "'calibration' beside 'cluster.groups'");
}

// The formats that products can run in, the one asked for first (compute/gemm.h takes the first that the GPU has).
// mxfp8 runs at the rate of fp8 where a GPU knows no other, and PyTorch takes fp32 where there is no tf32.
std::vector<topology::Dtype> formats(Precision precision) {
  using topology::Dtype;
  switch (precision) {
    case Precision::fp32:
      return {Dtype::fp32};
    case Precision::tf32:
      return {Dtype::tf32, Dtype::fp32};
    case Precision::fp16:
      return {Dtype::fp16};
    case Precision::bf16:
      return {Dtype::bf16};
    case Precision::mxfp8:
      return {Dtype::mxfp8, Dtype::fp8};
    case Precision::nvfp4:
      return {Dtype::nvfp4};
    default:
      return {Dtype::fp8};
  }
}

void check_precision(Reading& reading, const topology::GpuSpec& gpu) {
  const std::vector<topology::Dtype> asked = formats(reading.scenario.training.precision);
  if (gpu.peak.contains(asked.front())) return;
  if (gpu.peak.contains(asked.back())) {
    const std::string other(topology::to_string(asked.back()));
    reading.scenario.warnings.push_back("training.precision: the GPU " + gpu.name + " does not multiply in " +
                                        std::string(topology::to_string(asked.front())) + "; " + other +
                                        " and its peak stand for it");
    return;
  }
  std::string peaks;
  for (const auto& [dtype, rate] : gpu.peak)
    peaks += (peaks.empty() ? "" : ", ") + std::string(topology::to_string(dtype));
  reading.fail("training.precision",
               "the GPU " + gpu.name + " does not multiply in the precision asked for; it has " + peaks);
}

}  // namespace

void check_hardware(Reading& reading) {
  const Scenario& scenario = reading.scenario;
  for (std::size_t i = 0; i < scenario.simulation.stragglers.size(); ++i) {
    const int rank = scenario.simulation.stragglers[i].rank;
    if (reading.has_cluster && rank >= scenario.cluster.gpus())
      reading.fail("simulation.stragglers." + std::to_string(i),
                   "rank " + std::to_string(rank) + ", but the cluster has " + std::to_string(scenario.cluster.gpus()) +
                       " GPUs, ranks 0 to " + std::to_string(scenario.cluster.gpus() - 1));
  }
  if (!reading.has_cluster) return;
  check_calibration(reading);
  if (!reading.knows({"training.precision"})) return;
  for (int kind = 0; kind < scenario.cluster.kinds(); ++kind) check_precision(reading, scenario.cluster.gpu_of(kind));
}

}  // namespace orrery::models
