#include "interop/collective_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "interop/csv.h"
#include "sim/base/text.h"

namespace orrery::interop {
namespace {

using sim::TransferKind;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

constexpr std::pair<std::string_view, TransferKind> kOperations[] = {{"all_reduce", TransferKind::all_reduce},
                                                                     {"all_gather", TransferKind::all_gather},
                                                                     {"reduce_scatter", TransferKind::reduce_scatter},
                                                                     {"alltoall", TransferKind::all_to_all},
                                                                     {"broadcast", TransferKind::broadcast},
                                                                     {"reduce", TransferKind::reduce},
                                                                     {"gather", TransferKind::gather},
                                                                     {"scatter", TransferKind::scatter},
                                                                     {"sendrecv", TransferKind::point_to_point}};

constexpr std::array<std::string_view, 9> kColumns = {"source", "platform", "gpu",   "nodes",  "gpus_per_node",
                                                      "op",     "dtype",    "bytes", "time_us"};

std::optional<TransferKind> kind_of(std::string_view name) {
  for (const auto& [known, kind] : kOperations)
    if (known == name) return kind;
  return std::nullopt;
}

// Cells of one line by the names of its columns, numbers with their errors.
class Row {
 public:
  Row(const std::vector<std::string>& header, const std::vector<std::string>& cells, Where where, Errors& errors)
      : header_(header), cells_(cells), where_(std::move(where)), errors_(errors) {}

  std::string text(std::string_view column) const {
    const auto at = std::find(header_.begin(), header_.end(), column);
    const auto place = static_cast<std::size_t>(at - header_.begin());
    return at != header_.end() && place < cells_.size() ? cells_[place] : "";
  }

  double number(std::string_view column, double most) {
    const std::string cell = text(column);
    double value = 0;
    const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (cell.empty()) return 0;
    if (fault != std::errc() || end != cell.data() + cell.size() || !(value >= 0) || value > most) {
      errors_.push_back({where_, "'" + cell + "' is no " + std::string(column)});
      return 0;
    }
    return value;
  }

 private:
  const std::vector<std::string>& header_;
  const std::vector<std::string>& cells_;
  Where where_;
  Errors& errors_;
};

// "NCCL 2.29.2", or "directory says 2.27, rows say 2.29.2".
std::string nccl_version_in(const std::string& note) {
  std::size_t at = std::string::npos;
  for (const std::string_view before : {"NCCL ", "rows say "})
    for (std::size_t found = note.find(before); found != std::string::npos; found = note.find(before, found + 1)) {
      const std::size_t number = found + before.size();
      if (note.compare(number, 2, "2.") == 0 && (at == std::string::npos || number > at)) at = number;
    }
  if (at == std::string::npos) return "";
  const std::size_t end = std::min(note.find_first_not_of("0123456789", at + 2), note.size());
  return end > at + 2 ? note.substr(at, end - at) : "";
}

// "user report; Tree forced", "NVLS disabled, Ring": not NCCL's own choice.
std::string forced_algorithm_in(const std::string& note) {
  if (note.find("Tree forced") != std::string::npos) return "tree";
  return note.find("NVLS disabled") != std::string::npos ? "ring" : "";
}

// Half of the last digit that was printed.
double rounding_of(const std::string& note, const std::string& bandwidth) {
  double value = 0;
  std::from_chars(bandwidth.data(), bandwidth.data() + bandwidth.size(), value);
  if (note.find("derived from the printed") == std::string::npos || !(value > 0)) return 0;
  const std::size_t point = bandwidth.find('.');
  const double digits = point == std::string::npos ? 0 : static_cast<double>(bandwidth.size() - point - 1);
  return 0.5 * std::pow(10, -digits) / value;
}

constexpr std::size_t kMostErrors = 20;

}  // namespace

Result<std::vector<CollectiveMeasurement>> parse_collective_rows(std::string_view text, const std::string& file) {
  CsvLines lines(text);
  const std::vector<std::string> header = lines.next().value_or(std::vector<std::string>());
  Errors errors;
  for (const std::string_view column : kColumns)
    if (std::find(header.begin(), header.end(), column) == header.end())
      errors.push_back({{file, 1, 0}, "has no column '" + std::string(column) + "'"});
  if (!errors.empty()) return errors;

  std::vector<CollectiveMeasurement> rows;
  while (const auto cells = lines.next()) {
    Row row(header, *cells, {file, lines.line(), 0}, errors);
    const std::optional<TransferKind> kind = kind_of(row.text("op"));
    CollectiveMeasurement m;
    m.source = row.text("source");
    m.platform = row.text("platform");
    m.gpu = row.text("gpu");
    m.dtype = row.text("dtype");
    m.note = row.text("note");
    m.nccl = nccl_version_in(m.note);
    m.algorithm = forced_algorithm_in(m.note);
    m.rounding = rounding_of(m.note, row.text("busbw_GBps"));
    m.nodes = static_cast<int>(row.number("nodes", 1e6));
    m.gpus_per_node = static_cast<int>(row.number("gpus_per_node", 4096));
    m.kind = kind.value_or(TransferKind::all_reduce);
    m.bytes = {static_cast<std::int64_t>(row.number("bytes", 1e15))};
    m.microseconds = row.number("time_us", 1e15);
    if (errors.size() >= kMostErrors) break;
    if (kind && m.nodes > 0 && m.gpus_per_node > 0 && m.bytes.n > 0 && m.microseconds > 0) rows.push_back(std::move(m));
  }
  if (!errors.empty()) return errors;
  return rows;
}

Result<std::vector<CollectiveMeasurement>> read_collective_rows(const std::string& path) {
  const Result<std::string> text = read_text_file(path, kMostBytes);
  if (!text) return text.errors();
  return parse_collective_rows(*text, path);
}

}  // namespace orrery::interop
