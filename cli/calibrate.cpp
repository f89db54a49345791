#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <memory>

#include "cli/command.h"
#include "cli/messages.h"
#include "cli/output.h"
#include "interop/nccl_tests.h"
#include "models/compute/calibration_names.h"
#include "sim/base/search_path.h"
#include "topology/catalogue.h"
#include "validate/calibration/build.h"
#include "validate/calibration/kernel_table.h"
#include "validate/calibration/writer.h"

namespace orrery::cli {
namespace {

struct CalibrateCommand {
  std::string gpu, output;
  std::vector<std::string> kernels, nccl_logs;
  int nodes = 1;
  std::size_t most_points = 1000;

  int run();
  Result<std::vector<models::KernelPoint>> read_kernels() const;
  Result<std::vector<models::TransferPoint>> read_logs() const;
};

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Result<topology::GpuSpec> gpu_named(const std::string& name) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = name;
  node.where.file = "--gpu";
  return topology::read_gpu(node, SearchPath::standard(""));
}

void append(Errors& to, const Errors& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Kernels of several tables stand beside each other; one that two of them time is told.
Result<std::vector<models::KernelPoint>> CalibrateCommand::read_kernels() const {
  std::vector<models::KernelPoint> points;
  std::map<models::Kernel, std::string> table_of;
  Errors errors;
  for (const std::string& file : kernels) {
    auto table = validate::read_kernel_table(file);
    if (!table) {
      append(errors, table.errors());
      continue;
    }
    for (models::KernelPoint& point : *table) {
      const auto [at, is_new] = table_of.try_emplace(point.kernel, file);
      if (is_new)
        points.push_back(std::move(point));
      else if (errors.empty())
        errors.push_back(
            {{file, 0, 0},
             "times a kernel that " + at->second + " times too: one calibration is of one set of measurements"});
    }
  }
  if (!errors.empty()) return errors;
  return points;
}

// OP=FILE: a log does not say which of the tests wrote it.
Result<std::vector<models::TransferPoint>> CalibrateCommand::read_logs() const {
  std::vector<models::TransferPoint> points;
  Errors errors;
  for (const std::string& text : nccl_logs) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto kind = models::names::transfer_kind(text.substr(0, equals));
    if (!kind || equals == text.size()) {
      errors.push_back({{"--nccl-log", 0, 0}, "'" + text + "' is not OP=FILE, as in all-reduce=log.txt"});
      continue;
    }
    const auto log = interop::read_nccl_tests(text.substr(equals + 1));
    if (!log) {
      append(errors, log.errors());
      continue;
    }
    if (log->ranks < 1)
      errors.push_back({{text.substr(equals + 1), 0, 0}, "does not say how many ranks took part (no 'Rank' lines)"});
    for (const interop::NcclTestsRow& row : log->rows) {
      const double seconds = row.microseconds * 1e-6;
      if (seconds > 0) points.push_back({*kind, log->ranks, nodes, row.bytes, {seconds, seconds, seconds, 1}, "", ""});
    }
  }
  if (!errors.empty()) return errors;
  return points;
}

int CalibrateCommand::run() {
  if (kernels.empty() && nccl_logs.empty()) {
    complain(
        "calibrate: this build has no GPU backend to measure with; --kernels and --nccl-log build from measurements");
    return kMissing;
  }
  if (gpu.empty()) return complain("calibrate: --gpu names the GPU that was measured, as h100-sxm-80gb"), kUsage;
  const auto spec = gpu_named(gpu);
  const auto points = read_kernels();
  const auto transfers = read_logs();
  Errors errors;
  if (!spec) append(errors, spec.errors());
  if (!points) append(errors, points.errors());
  if (!transfers) append(errors, transfers.errors());
  if (!errors.empty()) return report(errors);

  models::Calibration calibration = validate::build_calibration(*spec, *points, {most_points, 1});
  calibration.created_utc = now_utc();
  calibration.tool = {{"version", ORRERY_VERSION}};
  calibration.transfers = *transfers;
  calibration.transfer_lines = validate::fit_transfers(*transfers);
  Output out(output);
  if (!out.ok()) return kInputOutput;
  out.stream() << validate::calibration_json(calibration);
  return out.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App& sub = *app.add_subcommand("calibrate", "Write a calibration file from measurements");
  sub.add_option("--kernels", command->kernels, "Table of timed kernels (CSV, also .gz); may be given again")
      ->option_text("FILE")
      ->allow_extra_args(false);
  sub.add_option("--nccl-log", command->nccl_logs, "Log of nccl-tests, as all-reduce=log.txt; may be given again")
      ->option_text("OP=FILE")
      ->allow_extra_args(false);
  sub.add_option("--gpu", command->gpu, "The GPU that was measured, as h100-sxm-80gb")->option_text("NAME");
  sub.add_option("--nodes", command->nodes, "Nodes that the logs' ranks were on")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
  sub.add_option("--points", command->most_points, "Keep at most so many kernels of a kind; curves are fitted on all")
      ->option_text("N")
      ->check(CLI::Range(0, 1'000'000));
  sub.add_option("-o,--output", command->output, "Write there instead of to standard output")->option_text("FILE");
  sub.footer(
      "Examples:\n"
      "  orrery calibrate --gpu h100-sxm-80gb --kernels gemm.csv --kernels attention.csv -o my-h100.json\n"
      "  orrery run my.yaml --set calibration=my-h100.json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
