#include "cli/calibrate/measure.h"

#include <filesystem>

#include "cli/calibrate/finish.h"
#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/options/preset_cluster.h"
#include "cli/process/gpu_helper.h"
#include "cli/process/helper.h"
#include "models/collectives/facts.h"
#include "models/collectives/planner.h"
#include "sim/base/read/search_path.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::cli {
namespace {

constexpr double kStandInNoise = 0.01;

std::vector<std::string> helper_arguments(const MeasureOptions& options) {
  std::vector<std::string> words{"calibrate", "--seed", std::to_string(options.seed)};
  if (options.minutes < kMostMinutes) words.insert(words.end(), {"--minutes", std::to_string(options.minutes)});
  if (!options.gpu.empty()) words.insert(words.end(), {"--gpu-preset", options.gpu});
  if (!options.output.empty()) words.insert(words.end(), {"--output", options.output});
  if (options.quiet) words.emplace_back("--quiet");
  if (options.exact) words.emplace_back("--exact");
  if (options.virtual_ranks > 0) words.insert(words.end(), {"--virtual-ranks", std::to_string(options.virtual_ranks)});
  if (options.sms > 0) words.insert(words.end(), {"--sms", std::to_string(options.sms)});
  words.insert(words.end(), options.scenarios.begin(), options.scenarios.end());
  return words;
}

// One process a GPU, which meet at a port of this host.
int measure_gpus(const GpuHelper& helper, const MeasureOptions& options) {
  const int there = helper.gpus(), asked = options.virtual_ranks > 0 ? 1 : options.gpus;
  const int gpus = asked > 0 ? asked : there;
  if (there == 0)
    return complain("calibrate: there is no GPU here; --kernels and --nccl-log build from measurements"), kMissing;
  if (gpus > there)
    return complain("calibrate: --gpus " + std::to_string(gpus) + ", but there are " + std::to_string(there)), kMissing;
  if (gpus == 1) return become_helper(helper.path(), helper_arguments(options));
  return helper.run_all(helper_arguments(options), gpus, std::chrono::seconds(kGpuDeadline));
}

int measure_stand_in(const MeasureOptions& options) {
  PresetCluster preset;
  preset.preset = options.stand_in;
  const SearchPath path = SearchPath::standard("");
  const auto cluster = read_preset_cluster(preset, path);
  if (!cluster) {
    Errors errors = cluster.errors();
    for (Error& error : errors)
      if (error.where.file == "--cluster") error.where.file = "--stand-in";
    return report(errors);
  }
  const auto wanted = wanted_of(options.scenarios, cluster->gpu.name);
  if (!wanted) return report(wanted.errors());
  const auto facts = models::read_collective_facts(path, *cluster);
  if (!facts) return report(facts.errors());
  auto fabric = topology::Fabric::build(*cluster);
  if (!fabric) return report(fabric.errors());
  const int gpus = options.gpus > 0 ? options.gpus : fabric->gpus();
  if (gpus > fabric->gpus())
    return complain("calibrate: --gpus " + std::to_string(gpus) + ", but " + options.stand_in + " has " +
                    std::to_string(fabric->gpus())),
           kInvalid;

  validate::StandIn device(validate::modelled_durations(
      cluster->gpu,
      models::make_planner(std::make_shared<const topology::Fabric>(std::move(fabric).value()),
                           models::Network::analytic, *facts),
      kStandInNoise, options.seed));
  validate::CalibrateOptions calibrate;
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(gpus); ++r) calibrate.bench.ranks.push_back({r});
  calibrate.bench.local = calibrate.bench.ranks;
  calibrate.bench.seed = options.seed;
  calibrate.bench.stop = &stop_on_interrupt();
  calibrate.wanted = *wanted;
  calibrate.wanted.exactly = options.exact;
  calibrate.share = options.minutes / kMostMinutes;
  calibrate.machine = {{"stand_in", options.stand_in}};
  calibrate.tool = {{"version", ORRERY_VERSION}};
  calibrate.folder = blocks_folder(options.output);
  if (!options.quiet) calibrate.tell = [](const std::string& line) { complain("calibrate: " + line); };
  return finish_calibration(validate::calibrate(cluster->gpu, device, device, calibrate), options, calibrate.folder);
}

}  // namespace

int measure(const MeasureOptions& options) {
  std::error_code none;  // better now than in ten minutes
  if (std::filesystem::is_directory(options.output, none))
    return complain(options.output + ": cannot be written: it is a folder"), kInputOutput;
  if (!options.stand_in.empty()) return measure_stand_in(options);
  if (const auto helper = GpuHelper::find()) return measure_gpus(*helper, options);
  complain(
      "calibrate: this build has no GPU backend to measure with (no orrery-gpu beside orrery); --kernels and "
      "--nccl-log "
      "build from measurements");
  return kMissing;
}

}  // namespace orrery::cli
