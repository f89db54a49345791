#include "models/compute/kernel_digest.h"
#include "sim/base/digest.h"
#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using models::Kernel;

std::vector<double> time_kernel(Bench& bench, const Kernel& kernel) {
  if (!bench.can_run(kernel)) return {};
  const int launches = Bench::launches_for(bench.kernel(kernel, 1), SamplingRules{}.batch);
  return sample(bench, [&] { return bench.kernel(kernel, launches); });
}

models::Calibration measure(Bench& bench, const std::string& name, const std::vector<Kernel>& kernels,
                            std::size_t wanted, double budget) {
  const std::vector<Timed> timed =
      time_twice(bench, kernels.size(), wanted, budget, [&](std::size_t i) { return time_kernel(bench, kernels[i]); });
  models::Calibration out;
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (timed[i].has(0)) out.kernels.push_back({kernels[i], timed[i].interval()});
  tell_quality(name, timed, out);
  return out;
}

}  // namespace

Block probe_kernels(const std::string& name, const std::vector<Kernel>& kernels, std::size_t wanted, double budget) {
  Digest digest;
  for (const Kernel& kernel : kernels) digest.add(models::digest_of(kernel));
  return {name, budget, digest.value(), kernels,
          [=](Bench& bench, double seconds) { return measure(bench, name, kernels, wanted, seconds); }};
}

}  // namespace orrery::validate
