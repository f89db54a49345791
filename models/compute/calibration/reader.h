#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/compute/calibration/calibration.h"
#include "models/compute/calibration/names.h"
#include "sim/base/read/fields.h"

namespace orrery::models {

// Reads a calibration file. Times are microseconds in the file (the key ends in
// _us) and seconds here.
class CalibrationReader {
 public:
  explicit CalibrationReader(const std::string& file) { out_.file = file; }

  Result<Calibration> read(const Node& root);

 private:
  static constexpr double kLongest = 1e12;       // us, of anything that is measured
  static constexpr std::int64_t kLargest = 1e9;  // of a size

  bool read_schema(Fields& f);
  void read_texts(Fields& f, std::string_view key, std::map<std::string, std::string>& to);
  void read_machine(Fields& f);
  // {value, low, high, samples}; only the value must be there.
  std::optional<Interval> interval(const Node& node, const std::string& name);
  std::optional<Interval> spread(Fields& f, std::optional<double> value, double scale);
  // "us" with its interval, as seconds.
  std::optional<Interval> time(Fields& f);
  void read_intervals(Fields& f, std::string_view key, std::map<std::string, Interval>& to);

  // Calls `each` with every mapping of a list.
  template <class Each>
  void read_list(Fields& f, std::string_view key, Each each) {
    const Node* node = f.node(key);
    if (!node) return;
    if (!node->is_list()) return f.fail(key, "'" + std::string(key) + "' must be a list");
    for (const Node& item : node->items) {
      Fields row(item, f.name() + "." + std::string(key), errors_);
      each(row);
      row.finish();
    }
  }

  // Kernels, in reader_kernels.cpp.
  std::optional<Dtype> dtype(Fields& f);
  std::int64_t size(Fields& f, std::string_view key, std::int64_t otherwise = 0);
  void add(Fields& f, Kernel kernel);
  void read_gemm(Fields& f);
  void read_gemm_curves(const Node& node);
  void read_fit_error(Fields& f, const std::string& name);
  void read_attention(Fields& f);
  void read_memory_bound(Fields& f);
  // Two times for one kernel: which of them would a run take?
  void refuse_repeats();

  // Transfers, what they cost kernels, and how right all of that was, in reader_transfers.cpp.
  template <class Row>
  void read_group(Fields& row, Row& to) {
    row.require({"op", "ranks"});
    const auto op = row.text("op");
    const auto kind = op ? names::transfer_kind(*op) : std::nullopt;
    if (op && !kind) row.fail("op", "'" + op->substr(0, 40) + "' is no collective; all-reduce, send-recv… are");
    to.kind = kind.value_or(sim::TransferKind::all_reduce);
    to.ranks = static_cast<int>(row.count("ranks", 1, 1 << 20).value_or(1));
    to.nodes = static_cast<int>(row.count("nodes", 1, 1 << 20).value_or(1));
  }
  void read_collective(Fields& f);
  void read_interference(Fields& f);
  void read_checks(Fields& f);

  Calibration out_;
  std::vector<Where> places_;  // of out_.kernels
  Errors errors_;
};

}  // namespace orrery::models
