#include <algorithm>

#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using models::Calibration;

constexpr int kLaunches = 400, kHops = 50;

// As near to an empty kernel as a program can ask for.
const models::Kernel& smallest() {
  static const models::Kernel kernel{models::MemoryBoundShape{"zero", Bytes{256}}};
  return kernel;
}

Calibration measure(Bench& bench, double) {
  Calibration out;
  if (!bench.can_run(smallest())) return out;
  const auto add = [&](const std::string& name, const std::function<double()>& once) {
    const std::vector<double> samples = sample(bench, once);
    if (!samples.empty()) out.launch[name] = median_interval(samples);
  };
  add("empty_kernel_s", [&] { return bench.kernel(smallest(), kLaunches); });
  add("eager_s", [&] { return bench.kernel(smallest(), kLaunches, false); });
  add("event_s", [&] { return bench.event_gap(); });
  const double alone = out.launch.contains("empty_kernel_s") ? out.launch["empty_kernel_s"].value : 0;
  add("stream_dependency_s", [&] { return std::max(0.0, bench.dependency(smallest(), kHops) - alone); });
  add("cpu_issue_s", [&] { return bench.issue(smallest(), kLaunches); });
  return out;
}

}  // namespace

Block probe_launch(double budget) {
  return {"launch", budget, 1, {smallest()}, measure};
}

}  // namespace orrery::validate
