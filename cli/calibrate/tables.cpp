#include "cli/calibrate/tables.h"

#include <algorithm>
#include <map>

#include "interop/nccl_tests.h"
#include "models/compute/calibration/names.h"
#include "sim/base/read/search_path.h"
#include "topology/catalogue.h"
#include "validate/calibration/build.h"
#include "validate/calibration/kernel_table.h"

namespace orrery::cli {
namespace {

void append(Errors& to, const Errors& more) {
  to.insert(to.end(), more.begin(), more.end());
}

Result<topology::GpuSpec> gpu_named(const std::string& name) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = name;
  node.where.file = "--gpu";
  return topology::read_gpu(node, SearchPath::standard(""));
}

Result<std::vector<models::KernelPoint>> read_kernels(const std::vector<std::string>& files) {
  std::vector<models::KernelPoint> points;
  std::map<models::Kernel, std::string> table_of;
  Errors errors;
  for (const std::string& file : files) {
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

// A log does not say which of the tests wrote it.
Result<std::vector<models::TransferPoint>> read_log(const std::string& text, int nodes) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const auto kind = models::names::transfer_kind(text.substr(0, equals));
  if (!kind || equals == text.size())
    return Error{{"--nccl-log", 0, 0}, "'" + text + "' is not OP=FILE, as in all-reduce=log.txt"};
  const std::string file = text.substr(equals + 1);
  const auto log = interop::read_nccl_tests(file);
  if (!log) return log.errors();
  if (log->ranks < 1) return Error{{file, 0, 0}, "does not say how many ranks took part (no 'Rank' lines)"};
  if (nodes > log->ranks)
    return Error{{"--nodes", 0, 0},
                 "is " + std::to_string(nodes) + ", but in " + file + " only " + std::to_string(log->ranks) +
                     " ranks took part"};
  std::vector<models::TransferPoint> points;
  for (const interop::NcclTestsRow& row : log->rows) {
    const double seconds = row.microseconds * 1e-6;
    if (seconds > 0) points.push_back({*kind, log->ranks, nodes, row.bytes, {seconds, seconds, seconds, 1}, "", ""});
  }
  return points;
}

Result<std::vector<models::TransferPoint>> read_logs(const CalibrationTables& tables) {
  std::vector<models::TransferPoint> points;
  std::map<std::tuple<sim::TransferKind, int, Bytes>, std::string> log_of;
  Errors errors;
  for (const std::string& text : tables.nccl_logs) {
    auto log = read_log(text, tables.nodes);
    if (!log) {
      append(errors, log.errors());
      continue;
    }
    for (models::TransferPoint& point : *log) {
      const auto [at, is_new] = log_of.try_emplace({point.kind, point.ranks, point.bytes}, text);
      if (is_new)
        points.push_back(std::move(point));
      else if (errors.empty())
        errors.push_back(
            {{"--nccl-log", 0, 0},
             text + " times what " + at->second + " times too: one calibration is of one set of measurements"});
    }
  }
  if (!errors.empty()) return errors;
  return points;
}

}  // namespace

Result<models::Calibration> calibration_of_tables(const CalibrationTables& tables) {
  const auto gpu = gpu_named(tables.gpu);
  const auto points = read_kernels(tables.kernels);
  const auto transfers = read_logs(tables);
  Errors errors;
  if (!gpu) append(errors, gpu.errors());
  if (!points) append(errors, points.errors());
  if (!transfers) append(errors, transfers.errors());
  if (!errors.empty()) return errors;

  models::Calibration calibration = validate::build_calibration(*gpu, *points, {tables.most_points, 1});
  calibration.transfers = *transfers;
  calibration.transfer_lines = validate::fit_transfers(*transfers);
  return calibration;
}

}  // namespace orrery::cli
