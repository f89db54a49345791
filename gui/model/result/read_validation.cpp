
#include "gui/model/result/field.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

std::string error_of(const Field& compared) {
  const auto error = number(compared, "error");
  return error ? report::signed_percent(*error) : "";
}

std::vector<std::string> row_of(const std::string& name, const Field& compared, Unit unit) {
  return {name, quantity(compared, "predicted", unit), quantity(compared, "measured", unit), error_of(compared)};
}

ResultTable whole(const Field& v) {
  ResultTable table{"Predicted beside measured", {"", "Predicted", "Measured", "Error"}, {}};
  table.rows.push_back(row_of("step", object(v, "step_time_s"), Unit::seconds));
  table.rows.push_back(row_of("waiting (bubble and late peers)", object(v, "bubble_fraction"), Unit::share));
  table.rows.push_back(row_of("exposed communication", object(v, "exposed_s"), Unit::seconds));
  table.rows.push_back(row_of("peak memory", object(v, "peak_bytes"), Unit::bytes));
  table.rows.push_back({"order of op starts, Kendall's tau", quantity(v, "order_tau", Unit::count), "", ""});
  return table;
}

ResultTable by_operation(const Field& v) {
  ResultTable table{"By kind of operation", {"Operation", "Count", "Predicted", "Measured", "Error"}, {}};
  for (const Field& op : list(v, "ops")) {
    std::vector<std::string> row = row_of(text(op, "op"), object(op, "time_s"), Unit::seconds);
    row.insert(row.begin() + 1, quantity(op, "count", Unit::count));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable by_rank(const Field& v) {
  ResultTable table{"By rank: measured, and the error of the prediction",
                    {"Rank", "Step", "Error", "Busy", "Error", "Exposed", "Error", "Bubble", "Error", "Peak", "Error"},
                    {}};
  for (const Field& rank : list(v, "ranks")) {
    std::vector<std::string> row{quantity(rank, "rank", Unit::count)};
    const auto add = [&](const char* key, Unit unit) {
      row.push_back(quantity(object(rank, key), "measured", unit));
      row.push_back(error_of(object(rank, key)));
    };
    for (const char* key : {"step_time_s", "busy_s", "exposed_s", "bubble_s"}) add(key, Unit::seconds);
    add("peak_bytes", Unit::bytes);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

void add_validation(const Field& v, ResultPage& page) {
  page.subtitle = "validated on " + text(v, "device") + ", " + text(v, "transport");
  if (const auto measured = number(object(v, "step_time_s"), "measured"))
    page.figures.push_back({"Measured step", *measured, Unit::seconds, true,
                            error_of(object(v, "step_time_s")) + " is the error of the prediction"});
  for (ResultTable table : {whole(v), by_operation(v), by_rank(v)})
    if (!table.rows.empty()) page.tables.push_back(std::move(table));
  for (std::string& note : texts(v, "notes")) page.warnings.push_back(std::move(note));
}

}  // namespace orrery::gui
