#include "cli/calibrate/finish.h"

#include <algorithm>
#include <filesystem>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/utc.h"
#include "cli/work/pipeline.h"
#include "report/text.h"
#include "validate/calibration/writer.h"
#include "validate/probe/session/safe_file.h"

namespace orrery::cli {

namespace {

// How whole layers come out that no fit has seen.
void tell_checks(const models::Calibration& calibration) {
  for (const models::CalibrationCheck& check : calibration.layers)
    complain("calibrate: check " + check.name + ": predicted " + report::human_seconds(check.predicted_s) +
             ", measured " + report::human_seconds(check.measured_s.value) + ", " +
             report::signed_percent(check.predicted_s / check.measured_s.value - 1));
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

}  // namespace

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
    if (scenario->cluster.gpu_names() != gpu)
      errors.push_back({scenario->at("cluster"),
                        "the cluster has " + scenario->cluster.gpu_names() + ", but what is measured is " + gpu});
    wanted.kernels.insert(wanted.kernels.end(), compiled->kernels.begin(), compiled->kernels.end());
    const auto asked = validate::asked_transfers(compiled->workload);
    wanted.transfers.insert(wanted.transfers.end(), asked.begin(), asked.end());
    for (validate::KernelSequence& action :
         validate::schedule_actions(std::filesystem::path(file).filename().string(), *compiled))
      wanted.sequences.push_back(std::move(action));
  }
  if (!errors.empty()) return errors;
  std::sort(wanted.transfers.begin(), wanted.transfers.end());
  wanted.transfers.erase(std::unique(wanted.transfers.begin(), wanted.transfers.end()), wanted.transfers.end());
  return wanted;
}

std::string blocks_folder(const std::string& output) {
  std::error_code none;
  const auto status = std::filesystem::status(output, none);
  const bool is_file = !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
  return output.empty() || !is_file ? "" : output + ".blocks";
}

int finish_calibration(validate::Calibrated result, const MeasureOptions& options, const std::string& folder) {
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

}  // namespace orrery::cli
