#include "validate/probe/calibrate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/compute/cost_model.h"
#include "sim/base/digest.h"
#include "validate/calibration/build.h"

namespace orrery::validate {
namespace {

void add(const std::map<std::string, std::string>& texts, Digest& digest) {
  for (const auto& [key, text] : texts)
    for (const char c : key + '=' + text + '\n') digest.add(static_cast<unsigned char>(c));
}

std::uint64_t digest_of(const CalibrateOptions& options) {
  Digest digest;
  add(options.machine, digest);
  add(options.tool, digest);
  digest.add(options.bench.seed).add(options.bench.ranks.size());
  digest.add(static_cast<std::uint64_t>(std::llround(1000 * options.share)));
  for (const int node : options.bench.node_of) digest.add(static_cast<std::uint64_t>(node));
  return digest.value();
}

// What the calibration says of whole layers, of which it was told nothing.
void predict_checks(const topology::GpuSpec& gpu, const std::vector<KernelSequence>& sequences,
                    models::Calibration& calibration) {
  const models::CostModel costs(gpu, {}, &calibration);
  for (models::CalibrationCheck& check : calibration.layers)
    for (const KernelSequence& sequence : sequences) {
      if (sequence.name != check.name) continue;
      check.predicted_s = 0;
      for (const models::Kernel& kernel : sequence.kernels) check.predicted_s += costs.time(kernel).time.seconds();
    }
}

std::vector<models::Kernel> kernels_of(const std::vector<Block>& blocks) {
  std::set<models::Kernel> kernels{sentinel()};
  for (const Block& block : blocks) kernels.insert(block.kernels.begin(), block.kernels.end());
  return {kernels.begin(), kernels.end()};
}

// What blocks may take of their budgets, when so many seconds went by before the first.
double pace(const std::vector<Block>& blocks, double share, double gone) {
  constexpr double kSentinels = 1;  // seconds around a block
  constexpr double kLeast = 0.1;
  double budgets = 0;
  for (const Block& block : blocks) budgets += block.budget;
  const double left = share * kLongestCalibration - gone - kSentinels * static_cast<double>(blocks.size());
  return budgets > 0 ? std::clamp(left / budgets, kLeast, 1.0) : 1;
}

}  // namespace

Calibrated calibrate(const topology::GpuSpec& gpu, Device& device, Transport& transport,
                     const CalibrateOptions& options) {
  Bench bench(device, transport, options.bench);
  const std::vector<Block> blocks = calibration_plan(gpu, options.wanted, options.bench.seed, options.share);
  const std::vector<models::Kernel> kernels = kernels_of(blocks);
  options.tell(std::to_string(kernels.size()) + " kernels: choosing algorithms");
  const double began = bench.seconds();
  if (Errors errors = options.prepare(kernels); !errors.empty()) return {{}, 0, 0, blocks.size(), false, errors};
  SessionOptions session_options;
  session_options.folder = options.folder;
  session_options.gpu = gpu.name;
  session_options.digest = digest_of(options);
  session_options.pace = pace(blocks, options.share, bench.agreed(bench.seconds() - began));
  session_options.tell = options.tell;
  Session session = run_blocks(blocks, bench, session_options);

  Calibrated out;
  out.finished = session.finished, out.resumed = session.resumed, out.blocks = blocks.size();
  out.interrupted = session.interrupted;
  out.faults = std::move(session.faults);
  if (out.interrupted || !out.faults.empty()) return out;
  out.calibration = with_curves(gpu, std::move(session.measured));
  predict_checks(gpu, options.wanted.sequences, *out.calibration);
  out.calibration->machine = options.machine;
  for (const auto& [key, text] : options.tool) out.calibration->tool[key] = text;
  out.calibration->tool["seed"] = std::to_string(options.bench.seed);
  return out;
}

}  // namespace orrery::validate
