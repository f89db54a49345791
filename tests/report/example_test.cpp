#include "tests/report/support.h"

namespace orrery::report::testing {

Result example_result() {
  constexpr std::int64_t kGiB = 1 << 30;
  Result r;
  r.scenario = "Two stages, \"quoted\"";
  r.layout.pp = 2;
  r.layout.dp = 4;
  r.schedule = "1f1b, 8 micro-batches of 1";
  r.gpu = "h100-sxm-80gb";
  r.gpus = 8;
  r.step_time = Duration::ms(2000);
  r.tokens_per_s = 16'384;
  r.samples_per_s = 4;
  r.model_flops = {8e15};
  r.hardware_flops = {9e15};
  r.model_tflops_per_gpu = 500;
  r.mfu = 0.5056;
  r.hfu = 0.5688;
  r.peak = {989e12};
  r.peak_dtype = "bf16";
  r.conventions = {{"model-full", {8.8e15}, 550, 0.5561}, {"model-causal", {8e15}, 500, 0.5056}};
  r.time.compute = Duration::ms(1500);
  r.time.bubble = Duration::ms(500);
  r.memory = {{80 * kGiB}, {60 * kGiB}, {62 * kGiB}, {2 * kGiB}, true, {}};
  StageMemory stage;
  stage.peak = {60 * kGiB};
  stage.parameters = stage.peak;
  stage.reserved = {62 * kGiB};
  r.memory.stages = {stage};
  r.bytes_by_link_kind = {{"nvlink", {1'000'000}}, {"pcie", {}}, {"nic", {5}}, {"spine", {}}};
  r.busiest_links = {{"node0/gpu0 nvlink out", "nvlink", 8, {450'000'000'000}, {1'000'000}, 0.25, Duration::ms(1)}};
  r.ranks_simulated = 2;
  r.ops = 1234;
  r.events = 99;
  r.defaults_used = {"layout.cp = 1"};
  r.warnings = {"habits are inherited"};
  r.published = {{{"model_tflops_per_gpu", "a paper", "model-full", 500}, 550.0},
                 {{"no.such", "a paper", "", 1}, std::nullopt}};
  return r;
}

}  // namespace orrery::report::testing
