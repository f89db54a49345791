#include <algorithm>

#include "models/compute/kernel_digest.h"
#include "sim/base/digest.h"
#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

bool can_run(const Bench& bench, const KernelSequence& sequence) {
  return std::all_of(sequence.kernels.begin(), sequence.kernels.end(),
                     [&](const models::Kernel& kernel) { return bench.can_run(kernel); });
}

models::Calibration measure(Bench& bench, const std::vector<KernelSequence>& sequences, double budget) {
  const std::vector<Timed> timed = time_twice(bench, sequences.size(), 0, budget, [&](std::size_t i) {
    if (!can_run(bench, sequences[i])) return std::vector<double>();
    return sample(bench, [&] { return bench.sequence(sequences[i].kernels); });
  });
  models::Calibration out;
  for (std::size_t i = 0; i < sequences.size(); ++i)
    if (timed[i].has(0)) out.layers.push_back({sequences[i].name, 0, timed[i].interval()});
  tell_quality("check", timed, out);
  return out;
}

}  // namespace

Block probe_checks(const std::vector<KernelSequence>& sequences, double budget) {
  Digest digest;
  std::vector<models::Kernel> kernels;
  for (const KernelSequence& sequence : sequences)
    for (const models::Kernel& kernel : sequence.kernels)
      digest.add(models::digest_of(kernel)), kernels.push_back(kernel);
  return {"check", budget, digest.value(), std::move(kernels),
          [=](Bench& bench, double seconds) { return measure(bench, sequences, seconds); }};
}

}  // namespace orrery::validate
