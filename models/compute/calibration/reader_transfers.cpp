#include <algorithm>
#include <iterator>

#include "models/compute/calibration/reader.h"

namespace orrery::models {
namespace {

constexpr double kMostSlowdown = 100;  // by one transfer

}  // namespace

void CalibrationReader::read_collective(Fields& f) {
  const Node* node = f.node("collective");
  if (!node) return;
  Fields collective(*node, "collective", errors_);
  read_list(collective, "points", [this](Fields& row) {
    TransferPoint point;
    read_group(row, point);
    row.require({"bytes"});
    point.bytes = Bytes{row.count("bytes", 0, INT64_MAX / 2).value_or(0)};
    point.algorithm = row.text("algo").value_or("");
    point.protocol = row.text("proto").value_or("");
    if (const auto seconds = time(row)) point.seconds = *seconds, out_.transfers.push_back(point);
  });
  read_list(collective, "alpha_beta", [this](Fields& row) {
    TransferLine line;
    read_group(row, line);
    row.require({"alpha_us", "beta_s_per_byte"});
    line.alpha_s = row.number("alpha_us", 0, kLongest).value_or(0) * 1e-6;
    line.beta_s_per_byte = row.number("beta_s_per_byte").value_or(0);
    line.r2 = row.number("r2", 0, 1).value_or(0);
    out_.transfer_lines.push_back(line);
  });
  collective.finish();
}

void CalibrationReader::read_interference(Fields& f) {
  read_intervals(f, "interference", out_.interference);
  const Node* node = f.node("interference");
  if (!node || !node->is_map()) return;
  for (const Node::Entry& entry : node->entries) {
    const bool known = std::find(std::begin(names::kInterference), std::end(names::kInterference), entry.key) !=
                       std::end(names::kInterference);
    if (!known)
      errors_.push_back({entry.key_where, "'" + entry.key.substr(0, 40) + "' is not known in 'interference'"});
    const auto read = out_.interference.find(entry.key);
    if (read != out_.interference.end() && read->second.high > kMostSlowdown)
      errors_.push_back(
          {entry.value.where, "'" + entry.key.substr(0, 40) + "' is a share of the time alone, at most 100"});
  }
}

void CalibrationReader::read_checks(Fields& f) {
  const Node* node = f.node("check");
  if (!node) return;
  Fields check(*node, "check", errors_);
  const auto rows = [this](std::vector<CalibrationCheck>& to) {
    return [this, &to](Fields& row) {
      row.require({"name", "predicted_us"});
      CalibrationCheck read{row.text("name").value_or(""), row.number("predicted_us").value_or(0) * 1e-6, {}};
      if (const auto seconds = time(row)) read.measured_s = *seconds, to.push_back(read);
    };
  };
  read_list(check, "layers", rows(out_.layers));
  read_list(check, "steps", rows(out_.steps));
  check.finish();
}

}  // namespace orrery::models
