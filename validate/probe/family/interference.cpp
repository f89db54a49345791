#include <algorithm>

#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using models::Calibration;
using models::Interval;
using models::Kernel;

constexpr Bytes kMessage{64 << 20};
constexpr double kWindow = 5e-3;  // seconds that both sides are busy
constexpr int kCover = 3;         // the disturbing side lasts so many times as long

Kernel compute_bound() {
  models::GemmShape s;
  s.m = s.n = s.k = 8192;
  return {s};
}

// By which share of its time alone something takes longer; never below nothing.
Interval slowdown(const std::vector<double>& beside, double alone) {
  const Interval seconds = median_interval(beside);
  const auto share = [alone](double t) { return std::max(0.0, t / alone - 1); };
  return {share(seconds.value), share(seconds.low), share(seconds.high), seconds.samples};
}

// Both ways: the one that is timed runs wholly beside the other.
void measure_beside(Bench& bench, const std::string& kind, const Kernel& kernel, const GroupedTransfer& transfer,
                    Calibration& out) {
  const auto median_of = [&](const std::function<double()>& once) {
    const std::vector<double> samples = sample(bench, once);
    return samples.empty() ? 0 : median_interval(samples).value;
  };
  const int kernels = Bench::launches_for(bench.kernel(kernel, 1), kWindow);
  const int transfers = Bench::launches_for(bench.transfer(transfer, 1), kWindow);
  const double kernel_alone = median_of([&] { return bench.kernel(kernel, kernels); });
  const double transfer_alone = median_of([&] { return bench.transfer(transfer, transfers); });
  if (!(kernel_alone > 0) || !(transfer_alone > 0)) return;
  const std::vector<double> slowed_kernels =
      sample(bench, [&] { return bench.beside(kernel, kernels, transfer, kCover * transfers).kernel; });
  const std::vector<double> slowed_transfers =
      sample(bench, [&] { return bench.beside(kernel, kCover * kernels, transfer, transfers).transfer; });
  if (slowed_kernels.empty() || slowed_transfers.empty()) return;
  out.interference[kind + "_by_collective"] = slowdown(slowed_kernels, kernel_alone);
  out.interference["collective_by_" + kind] = slowdown(slowed_transfers, transfer_alone);
}

Calibration measure(Bench& bench, const Kernel& memory_bound) {
  Calibration out;
  const auto groups = bench.groups_of(bench.options().ranks.size());
  if (groups.empty() || groups.front().size() < 2) return out;
  const GroupedTransfer all_reduce{sim::TransferKind::all_reduce, kMessage, groups};
  if (bench.can_run(compute_bound())) measure_beside(bench, "compute_bound", compute_bound(), all_reduce, out);
  if (bench.can_run(memory_bound)) measure_beside(bench, "memory_bound", memory_bound, all_reduce, out);
  return out;
}

}  // namespace

Block probe_interference(double budget) {
  const Kernel memory_bound{models::MemoryBoundShape{"residual_add", Bytes{256 << 20}}};
  return {"interference", budget, 1, {compute_bound(), memory_bound}, [=](Bench& bench, double) {
            return measure(bench, memory_bound);
          }};
}

}  // namespace orrery::validate
