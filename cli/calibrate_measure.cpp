#include "cli/calibrate_measure.h"

#include <filesystem>

#include "cli/command.h"
#include "cli/gpu_helper.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/preset_cluster.h"
#include "cli/utc.h"
#include "models/collectives/facts.h"
#include "models/collectives/planner.h"
#include "report/text.h"
#include "sim/base/search_path.h"
#include "validate/calibration/writer.h"
#include "validate/probe/calibrate.h"
#include "validate/probe/safe_file.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::cli {
namespace {

constexpr double kStandInNoise = 0.01;

std::vector<std::string> helper_arguments(const MeasureOptions& options) {
  std::vector<std::string> words{"calibrate", "--seed", std::to_string(options.seed)};
  if (options.gpus > 0) words.insert(words.end(), {"--gpus", std::to_string(options.gpus)});
  if (!options.output.empty()) words.insert(words.end(), {"--output", options.output});
  if (options.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), options.scenarios.begin(), options.scenarios.end());
  return words;
}

// What the scenarios' programs run.
Result<validate::Wanted> wanted_of(const std::vector<std::string>& files, const std::string& gpu) {
  validate::Wanted wanted;
  Errors errors;
  for (const std::string& file : files) {
    const auto scenario = models::read_scenario(file, {});
    auto compiled = scenario ? compile_placed(*scenario, file) : Result<models::Compiled>(scenario.errors());
    if (!compiled) {
      errors.insert(errors.end(), compiled.errors().begin(), compiled.errors().end());
      continue;
    }
    if (scenario->cluster.gpu.name != gpu)
      errors.push_back({scenario->at("cluster"),
                        "the cluster has " + scenario->cluster.gpu.name + ", but what is measured is " + gpu});
    wanted.kernels.insert(wanted.kernels.end(), compiled->kernels.begin(), compiled->kernels.end());
    for (validate::KernelSequence& action : validate::schedule_actions(file, *compiled))
      wanted.sequences.push_back(std::move(action));
  }
  if (!errors.empty()) return errors;
  return wanted;
}

// How whole layers come out that no fit has seen.
void tell_checks(const models::Calibration& calibration) {
  for (const models::CalibrationCheck& check : calibration.layers)
    complain("calibrate: check " + check.name + ": predicted " + report::human_seconds(check.predicted_s) +
             ", measured " + report::human_seconds(check.measured_s.value) + ", " +
             report::signed_percent(check.predicted_s / check.measured_s.value - 1));
}

// Where finished blocks are kept: beside the output, if that is a file.
std::string blocks_folder(const std::string& output) {
  std::error_code none;
  const auto status = std::filesystem::status(output, none);
  const bool is_file = !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
  return output.empty() || !is_file ? "" : output + ".blocks";
}

int write(const models::Calibration& calibration, const MeasureOptions& options, const std::string& folder) {
  const std::string text = validate::calibration_json(calibration);
  if (folder.empty()) {  // standard output, a pipe or a device
    Output out(options.output);
    if (!out.ok()) return kInputOutput;
    out.stream() << text;
    return out.finish() ? kDone : kInputOutput;
  }
  if (const Errors errors = validate::write_safely(options.output, text); !errors.empty()) return report(errors);
  std::error_code none;  // the blocks stand in the file now
  std::filesystem::remove_all(folder, none);
  return kDone;
}

int finish(validate::Calibrated result, const MeasureOptions& options, const std::string& folder) {
  if (!result.faults.empty()) return report(result.faults);
  if (result.interrupted) {
    complain("calibrate: interrupted with " + std::to_string(result.finished) + " of " + std::to_string(result.blocks) +
             " blocks done" +
             (folder.empty() ? "; with -o FILE they would be kept"
                             : "; they are in " + folder + ", and the same command goes on"));
    return kInterrupted;
  }
  result.calibration->created_utc = now_utc();
  if (!options.quiet) {
    for (const auto& [key, text] : result.calibration->tool)
      if (key.starts_with("left_out.") || key.starts_with("once.") || key.starts_with("drift."))
        complain("calibrate: " + key + ": " + text);
    tell_checks(*result.calibration);
  }
  return write(*result.calibration, options, folder);
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
  calibrate.machine = {{"stand_in", options.stand_in}};
  calibrate.tool = {{"version", ORRERY_VERSION}};
  calibrate.folder = blocks_folder(options.output);
  if (!options.quiet) calibrate.tell = [](const std::string& line) { complain("calibrate: " + line); };
  return finish(validate::calibrate(cluster->gpu, device, device, calibrate), options, calibrate.folder);
}

}  // namespace

int measure(const MeasureOptions& options) {
  std::error_code none;  // better now than in ten minutes
  if (std::filesystem::is_directory(options.output, none))
    return complain(options.output + ": cannot be written: it is a folder"), kInputOutput;
  if (!options.stand_in.empty()) return measure_stand_in(options);
  if (const auto helper = find_gpu_helper()) return become_gpu_helper(*helper, helper_arguments(options));
  complain(
      "calibrate: this build has no GPU backend to measure with (no orrery-gpu beside orrery); --kernels and "
      "--nccl-log "
      "build from measurements");
  return kMissing;
}

}  // namespace orrery::cli
