#include "validate/probe/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "validate/probe/family/shapes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using models::Dtype;
using models::Kernel;

// Seconds.
constexpr double kPeaks = 30, kLaunch = 10, kBf16 = 100, kOtherFormats = 80, kAttention = 80, kMemoryBound = 60,
                 kOptimizer = 40, kCopies = 15, kCollectives = 110, kInterference = 10, kChecks = 35;
constexpr int kSpread = 128, kSpreadOfOthers = 64, kSmallestSpread = 16;

// Kernels by block, each once, in the order of coming.
class Lists {
 public:
  void add(const std::string& block, const std::vector<Kernel>& kernels) {
    for (const Kernel& kernel : kernels)
      if (seen_.insert(kernel).second) lists_[block].push_back(kernel);
  }
  const std::map<std::string, std::vector<Kernel>>& by_block() const { return lists_; }
  std::size_t size() const { return seen_.size(); }

 private:
  std::set<Kernel> seen_;
  std::map<std::string, std::vector<Kernel>> lists_;
};

std::string block_of(Dtype dtype) {
  return "gemm." + std::string(to_string(dtype));
}

std::string block_of(const Kernel& kernel) {
  if (const auto* s = std::get_if<models::GemmShape>(&kernel.shape)) return block_of(s->dtype);
  if (std::holds_alternative<models::AttentionShape>(kernel.shape)) return "attention";
  return is_of_optimizer(std::get<models::MemoryBoundShape>(kernel.shape).family) ? "optimizer" : "memory_bound";
}

// The formats that a GPU multiplies fast.
std::vector<Dtype> formats(const topology::GpuSpec& gpu) {
  std::vector<Dtype> out;
  for (const Dtype dtype : {Dtype::bf16, Dtype::fp16, Dtype::tf32, Dtype::fp8, Dtype::mxfp8, Dtype::nvfp4})
    if (gpu.peak.contains(dtype)) out.push_back(dtype);
  return out;
}

// No more products than there is time for: choosing their algorithms takes its own.
int products(int all, double share) {
  return std::clamp(static_cast<int>(all * 2 * share), kSmallestSpread, all);
}

void add_spread(const topology::GpuSpec& gpu, std::uint64_t seed, double share, Lists& lists) {
  for (const Dtype dtype : formats(gpu))
    lists.add(block_of(dtype),
              spread_products(dtype, products(dtype == Dtype::bf16 ? kSpread : kSpreadOfOthers, share), seed));
  lists.add("attention", spread_attention(gpu));
  for (const Kernel& kernel : spread_memory_bound(memory_bound_families(gpu))) lists.add(block_of(kernel), {kernel});
}

// Every kernel and transfer has as much time, whichever block it is in.
std::vector<Block> exact_plan(const Lists& lists, const Wanted& wanted, double share) {
  const std::size_t all = std::max<std::size_t>(1, lists.size() + wanted.transfers.size());
  const double of_one = share * (kLongestCalibration - kLaunch - kInterference - kChecks) / static_cast<double>(all);
  std::vector<Block> blocks{probe_launch(share * kLaunch)};
  for (const auto& [block, kernels] : lists.by_block())
    blocks.push_back(probe_kernels(block, kernels, kernels.size(), of_one * static_cast<double>(kernels.size())));
  blocks.push_back(
      probe_collectives(wanted.transfers, Sizes::asked_for, of_one * static_cast<double>(wanted.transfers.size())));
  blocks.push_back(probe_interference(share * kInterference));
  if (!wanted.sequences.empty()) blocks.push_back(probe_checks(wanted.sequences, share * kChecks));
  return blocks;
}

}  // namespace

std::vector<Block> calibration_plan(const topology::GpuSpec& gpu, const Wanted& wanted, std::uint64_t seed,
                                    double share) {
  Lists lists;
  for (const Kernel& kernel : wanted.kernels) lists.add(block_of(kernel), {kernel});
  if (wanted.exactly) return exact_plan(lists, wanted, share);
  std::map<std::string, std::size_t> asked;
  for (const auto& [block, kernels] : lists.by_block()) asked[block] = kernels.size();
  add_spread(gpu, seed, share, lists);

  const std::map<std::string, double> budgets{
      {"attention", kAttention}, {"gemm.bf16", kBf16}, {"memory_bound", kMemoryBound}, {"optimizer", kOptimizer}};
  const double of_a_format = kOtherFormats / std::max(1.0, static_cast<double>(lists.by_block().size()) - 4);
  std::vector<Block> blocks;
  blocks.push_back(probe_peaks(gpu, share * kPeaks));
  blocks.push_back(probe_launch(share * kLaunch));
  for (const auto& [block, kernels] : lists.by_block()) {
    const auto budget = budgets.find(block);
    blocks.push_back(
        probe_kernels(block, kernels, asked[block], share * (budget == budgets.end() ? of_a_format : budget->second)));
  }
  blocks.push_back(probe_copies(share * kCopies));
  blocks.push_back(probe_collectives(wanted.transfers, Sizes::spread, share * kCollectives));
  blocks.push_back(probe_interference(share * kInterference));
  if (!wanted.sequences.empty()) blocks.push_back(probe_checks(wanted.sequences, share * kChecks));
  return blocks;
}

}  // namespace orrery::validate
