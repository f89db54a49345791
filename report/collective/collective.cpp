#include "report/collective/collective.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {
namespace {

constexpr std::int64_t kLarge = 16 << 20;

double microseconds(const models::CollectiveRow& row) {
  return row.time.seconds() * 1e6;
}

// As nccl-tests prints times: four or five digits.
std::string time_text(double us) {
  return us >= 10'000 ? fixed(us, 0) : us >= 100 ? fixed(us, 1) : fixed(us, 2);
}

double error_of(const models::CollectiveRow& row, const MeasuredRow& measured) {
  return microseconds(row) / measured.microseconds - 1;
}

std::string algorithm_text(const models::CollectiveRow& row) {
  return std::string(to_string(row.method.algorithm));
}
std::string protocol_text(const models::CollectiveRow& row) {
  return row.method.algorithm == models::Algorithm::none ? "-" : std::string(to_string(row.method.protocol));
}
std::string link_text(const models::CollectiveRow& row) {
  return row.busiest_link.empty() ? "-" : row.busiest_link;
}

const std::optional<MeasuredRow>& measured_of(const CollectiveTable& table, std::size_t i) {
  static const std::optional<MeasuredRow> nothing;
  return i < table.measured.size() ? table.measured[i] : nothing;
}

std::string errors_line(const CollectiveTable& table, bool large) {
  const ComparisonErrors e = errors_of(table, large);
  if (e.rows == 0) return "";
  return std::string("# ") + (large ? "from 16 MiB" : "below 16 MiB") + ": " + std::to_string(e.rows) +
         " rows, median error " + percent(e.median) + ", worst " + percent(e.worst) + "\n";
}

}  // namespace

ComparisonErrors errors_of(const CollectiveTable& table, bool large) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (const auto& m = measured_of(table, i); m && (table.rows[i].bytes.n >= kLarge) == large)
      errors.push_back(std::abs(error_of(table.rows[i], *m)));
  if (errors.empty()) return {};
  std::sort(errors.begin(), errors.end());
  const std::size_t n = errors.size();
  return {static_cast<int>(n), (errors[(n - 1) / 2] + errors[n / 2]) / 2, errors.back()};
}

std::string collective_text(const CollectiveTable& table) {
  const bool compared = !table.measured.empty();
  Table text("rrllrrrrllrl");
  std::vector<std::string> names = {"#  size", "count", "type", "redop",    "root",     "time",
                                    "algbw",   "busbw", "algo", "protocol", "channels", "busiest link"};
  std::vector<std::string> units = {"#   (B)", "(elements)", "", "", "", "(us)", "(GB/s)", "(GB/s)", "", "", "", ""};
  if (compared) {
    names.insert(names.begin() + 8, {"measured", "busbw", "error"});
    units.insert(units.begin() + 8, {"(us)", "(GB/s)", ""});
    text = Table("rrllrrrrrrrllrl");
  }
  text.row(names);
  text.row(units);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const models::CollectiveRow& row = table.rows[i];
    std::vector<std::string> cells = {std::to_string(row.bytes.n),
                                      std::to_string(row.bytes.n / table.element_bytes),
                                      table.dtype,
                                      table.redop.empty() ? "none" : table.redop,
                                      table.rooted ? "0" : "-1",
                                      time_text(microseconds(row)),
                                      fixed(row.algbw, 2),
                                      fixed(row.busbw, 2)};
    if (compared) {
      const auto& m = measured_of(table, i);
      cells.push_back(m ? time_text(m->microseconds) : "-");
      cells.push_back(m ? fixed(m->busbw, 2) : "-");
      cells.push_back(m ? signed_percent(error_of(row, *m)) : "-");
    }
    for (const std::string& cell :
         {algorithm_text(row), protocol_text(row), std::to_string(row.method.channels), link_text(row)})
      cells.push_back(cell);
    text.row(std::move(cells));
  }
  const std::string head = "# " + table.operation + " of " + std::to_string(table.ranks) + " ranks on " +
                           table.cluster + ", " + table.network + " network, idle\n";
  const std::string foot = compared ? errors_line(table, false) + errors_line(table, true) : "";
  return head + text.str("") + foot;
}

std::string collective_json(const CollectiveTable& table) {
  using nlohmann::ordered_json;
  ordered_json rows = ordered_json::array();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const models::CollectiveRow& row = table.rows[i];
    ordered_json out{{"bytes", row.bytes.n},
                     {"time_us", microseconds(row)},
                     {"algbw_GBps", row.algbw},
                     {"busbw_GBps", row.busbw},
                     {"algorithm", algorithm_text(row)},
                     {"protocol", protocol_text(row)},
                     {"channels", row.method.channels},
                     {"busiest_link", row.busiest_link.empty() ? ordered_json() : ordered_json(row.busiest_link)}};
    if (const auto& m = measured_of(table, i))
      out.update(
          {{"measured_time_us", m->microseconds}, {"measured_busbw_GBps", m->busbw}, {"error", error_of(row, *m)}});
    rows.push_back(std::move(out));
  }
  const ordered_json document{{"operation", table.operation}, {"cluster", table.cluster}, {"network", table.network},
                              {"ranks", table.ranks},         {"dtype", table.dtype},     {"rows", std::move(rows)}};
  return document.dump(2) + "\n";
}

std::string collective_csv(const CollectiveTable& table) {
  std::string text = "bytes,time_us,algbw_GBps,busbw_GBps,algorithm,protocol,channels,busiest_link";
  const bool compared = !table.measured.empty();
  text += compared ? ",measured_time_us,measured_busbw_GBps,error\n" : "\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const models::CollectiveRow& row = table.rows[i];
    text += std::to_string(row.bytes.n) + "," + fixed(microseconds(row), 4) + "," + fixed(row.algbw, 4) + "," +
            fixed(row.busbw, 4) + "," + algorithm_text(row) + "," + protocol_text(row) + "," +
            std::to_string(row.method.channels) + "," + row.busiest_link;
    const auto& m = measured_of(table, i);
    if (compared)
      text +=
          m ? "," + fixed(m->microseconds, 4) + "," + fixed(m->busbw, 4) + "," + fixed(error_of(row, *m), 4) : ",,,";
    text += "\n";
  }
  return text;
}

}  // namespace orrery::report
