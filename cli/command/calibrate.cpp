#include <CLI/CLI.hpp>
#include <memory>

#include "cli/calibrate/measure.h"
#include "cli/calibrate/tables.h"
#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/utc.h"
#include "validate/calibration/writer.h"

namespace orrery::cli {
namespace {

struct CalibrateCommand {
  CalibrationTables tables;
  MeasureOptions measure;

  int run();
  int run_tables();
};

int CalibrateCommand::run() {
  if (tables.kernels.empty() && tables.nccl_logs.empty()) {
    if (!tables.gpu.empty() && !measure.stand_in.empty())
      return complain("calibrate: --stand-in says itself which GPU it is; no --gpu"), kUsage;
    if (measure.virtual_ranks > 0 && !measure.stand_in.empty())
      return complain("calibrate: --stand-in has GPUs of its own: --gpus N in place of --virtual-ranks"), kUsage;
    measure.gpu = tables.gpu;
    return cli::measure(measure);
  }
  if (!measure.stand_in.empty() || !measure.scenarios.empty() || measure.gpus > 0 || measure.virtual_ranks > 0)
    return complain(
               "calibrate: from --kernels and --nccl-log nothing is measured: no FILE, --gpus, --virtual-ranks or "
               "--stand-in"),
           kUsage;
  if (tables.gpu.empty()) return complain("calibrate: --gpu names the GPU that was measured, as h100-sxm-80gb"), kUsage;
  return run_tables();
}

int CalibrateCommand::run_tables() {
  auto calibration = calibration_of_tables(tables);
  if (!calibration) return report(calibration.errors());
  calibration->created_utc = now_utc();
  calibration->tool = {{"version", ORRERY_VERSION}};
  Output out(measure.output);
  if (!out.ok()) return kInputOutput;
  out.stream() << validate::calibration_json(*calibration);
  return out.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App& sub =
      *app.add_subcommand("calibrate", "Measure this node's GPUs, or write a calibration from measurements");
  sub.add_option("FILE", command->measure.scenarios, "Scenarios whose kernels are measured exactly")
      ->option_text("FILE...");
  sub.add_option("--gpus", command->measure.gpus, "Measure so many of the node's GPUs; default: all")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
  sub.add_option("--virtual-ranks", command->measure.virtual_ranks,
                 "Measure so many ranks on one GPU, all busy, each on its share of the SMs: what "
                 "`orrery validate --virtual-ranks` runs on")
      ->option_text("N")
      ->check(CLI::Range(1, 64))
      ->excludes("--gpus");
  sub.add_option("--sms", command->measure.sms,
                 "SMs of each virtual rank; the others stay idle, so that ranks hardly slow each other (default: an "
                 "equal share of all)")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20))
      ->needs("--virtual-ranks");
  sub.add_option("--stand-in", command->measure.stand_in,
                 "Without hardware: measure what the model of a cluster says, as dgx-h200, with noise")
      ->option_text("PRESET");
  sub.add_option("--seed", command->measure.seed, "Of the order in which things are measured")
      ->option_text("N")
      ->check(CLI::Range(std::int64_t{0}, INT64_MAX));
  sub.add_flag("--exact", command->measure.exact,
               "Only the scenarios' own kernels, the host's share and collectives: no curves for other sizes")
      ->needs("FILE");
  sub.add_option("--minutes", command->measure.minutes,
                 "What measuring may take, choosing algorithms included; with less, fewer kernels are timed")
      ->option_text("N")
      ->capture_default_str()
      ->check(CLI::Range(0.1, kMostMinutes));
  sub.add_flag("-q,--quiet", command->measure.quiet, "No lines on how it goes");
  sub.add_option("--kernels", command->tables.kernels, "Table of timed kernels (CSV, also .gz); may be given again")
      ->option_text("FILE")
      ->allow_extra_args(false);
  sub.add_option("--nccl-log", command->tables.nccl_logs,
                 "Log of nccl-tests, as all-reduce=log.txt; may be given again")
      ->option_text("OP=FILE")
      ->allow_extra_args(false);
  sub.add_option("--gpu", command->tables.gpu,
                 "The GPU that is measured, or that tables and logs are of, as h100-sxm-80gb")
      ->option_text("NAME");
  sub.add_option("--nodes", command->tables.nodes, "Nodes that the logs' ranks were on")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
  sub.add_option("--points", command->tables.most_points,
                 "Of tables, keep at most so many kernels of a kind; curves are fitted on all")
      ->option_text("N")
      ->check(CLI::Range(0, 1'000'000));
  sub.add_option("-o,--output", command->measure.output, "Write there; finished blocks are kept beside it until then")
      ->option_text("FILE");
  sub.footer(
      "Examples:\n"
      "  orrery calibrate my.yaml -o my-h100.json\n"
      "  orrery calibrate --gpu h100-sxm-80gb --kernels gemm.csv --kernels attention.csv -o my-h100.json\n"
      "  orrery run my.yaml --set calibration=my-h100.json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
