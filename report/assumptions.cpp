#include <algorithm>
#include <array>

#include "report/result.h"
#include "report/text.h"

namespace orrery::report {
namespace {

std::string kernels(const topology::GpuSpec& gpu) {
  if (!gpu.transferred_from.empty())
    return "kernels are timed by the curves of " + gpu.transferred_from + ", transferred to " + gpu.name;
  if (!gpu.fitted) return "kernels are timed by curves that were not fitted on " + gpu.name;
  return "kernels are timed by curves fitted on timings of " + gpu.name + " (scenarios/hardware/gpus has the sources)";
}

std::string habits(const models::Stack& stack) {
  if (!stack.worked_out)
    return "software " + stack.name + ": the habits of " + stack.inherits + ", the nearest stack that is worked out";
  return "software " + stack.name + ": what it fuses, overlaps and waits for (scenarios/software/" + stack.name +
         ".yaml)";
}

// Empty where the stack's kernels take what the GPU's curves say.
std::string slowdown(const models::Stack& stack, bool calibrated) {
  const std::array<std::pair<const char*, double>, 3> classes{{{"matrix products", stack.slowdown.gemm},
                                                               {"attention", stack.slowdown.attention},
                                                               {"memory-bound kernels", stack.slowdown.memory_bound}}};
  std::string text;
  for (const auto& [name, times] : classes)
    if (times != 1) text += (text.empty() ? "" : ", ") + std::string(name) + " " + fixed(times, 2) + " times as long";
  if (text.empty()) return text;
  return "software " + stack.name + " by its measured steps: " + text + " as by curves" +
         (calibrated ? ", where the calibration timed none of their kind" : "");
}

std::vector<std::string> of_stack(const models::Stack& stack) {
  return {habits(stack),
          "the host issues a kernel in " + human_seconds(stack.launch.seconds()) + " and is busy " +
              human_seconds(stack.step_overhead.seconds()) + " a step besides, which nothing hides",
          "the allocator is PyTorch's caching one" +
              std::string(stack.expandable_segments ? " with expandable segments" : "") +
              ", replayed; context and NCCL hold " + gib(stack.runtime) + " GiB"};
}

}  // namespace

std::string calibration_line(const models::CalibrationUse& use) {
  std::string text = "kernels are timed by " + use.file + ": " + std::to_string(use.measured) + " as measured, " +
                     std::to_string(use.corrected) + " by curves corrected by measured neighbours, " +
                     std::to_string(use.by_curve) + " by curves alone; ";
  text += use.transfers_measured == 0 ? "no transfer is of a group that it measured"
                                      : "of transfers " + std::to_string(use.transfers_measured) + " as measured, " +
                                            std::to_string(use.transfers_modelled) + " as NCCL is modelled";
  if (use.contention) text += "; what collectives take from kernels beside them is measured";
  return text;
}

std::vector<std::string> assumptions_of(const models::Scenario& scenario, const models::Compiled& compiled) {
  std::vector<std::string> lines;
  if (compiled.calibration) lines.push_back(calibration_line(*compiled.calibration));
  for (int kind = 0; !compiled.calibration && kind < scenario.cluster.kinds(); ++kind)
    if (const std::string line = kernels(scenario.cluster.gpu_of(kind));
        std::find(lines.begin(), lines.end(), line) == lines.end())
      lines.push_back(line);
  if (const std::string line = slowdown(scenario.software, compiled.calibration.has_value()); !line.empty())
    lines.push_back(line);
  for (std::string& line : of_stack(scenario.software)) lines.push_back(std::move(line));
  if (!models::flushes(compiled.schedule))
    lines.push_back(
        "schedule " + scenario.pipeline.schedule +
        " does not flush: a step is a stretch of its stream, once that runs in its rhythm; stages do not agree "
        "on norms and overflows");
  return lines;
}

}  // namespace orrery::report
