#include <algorithm>

#include "gui/model/result/field.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr const char* kCauses[] = {"parameters", "gradients", "optimizer", "activations", "buffers"};

// A number from a file may be too large for a whole one.
std::string gib(double bytes) {
  return report::fixed(bytes / (1024.0 * 1024 * 1024), 2);
}

double bytes(const Field& at, const std::string& key) {
  return number(at, key).value_or(0);
}

// The causes of the peak, and what the GPU holds besides: all that has to fit.
std::vector<double> parts_of(const Field& stage, double runtime) {
  std::vector<double> parts;
  for (const char* cause : kCauses) parts.push_back(bytes(stage, std::string(cause) + "_bytes"));
  parts.push_back(std::max(0.0, bytes(stage, "reserved_bytes") - bytes(stage, "peak_bytes")));
  parts.push_back(runtime);
  return parts;
}

std::string name_of(const Field& stage) {
  return "stage " + quantity(stage, "stage", Unit::count) + ", rank " + quantity(stage, "rank", Unit::count);
}

ResultTable table_of(const std::vector<Field>& stages) {
  ResultTable table{"Memory at the peak of each stage's largest rank, GiB", {"Stage"}, {}};
  for (const char* cause : kCauses) table.head.emplace_back(cause);
  for (const char* column : {"peak", "reserved", "in flight"}) table.head.emplace_back(column);
  for (const Field& stage : stages) {
    std::vector<std::string> row{name_of(stage)};
    for (const char* cause : kCauses) row.push_back(gib(bytes(stage, std::string(cause) + "_bytes")));
    row.push_back(gib(bytes(stage, "peak_bytes")));
    row.push_back(gib(bytes(stage, "reserved_bytes")));
    row.push_back(quantity(stage, "in_flight_micro_batches", Unit::count));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_figure(const Field& memory, ResultPage& page) {
  const auto reserved = number(memory, "reserved_bytes"), capacity = number(memory, "capacity_bytes");
  if (!reserved || !capacity) return;
  const double needed = *reserved + bytes(memory, "runtime_bytes");
  const std::string of = "of " + quantity(*capacity, Unit::bytes);
  page.figures.push_back(
      {"Memory", needed, Unit::bytes, true, of + (needed <= *capacity ? ": fits" : ": does not fit")});
}

}  // namespace

void add_memory(const Field& memory, ResultPage& page) {
  add_figure(memory, page);
  const std::vector<Field>& stages = list(memory, "stages");
  if (stages.empty()) return;
  page.memory.title = "Memory of each stage's largest rank";
  page.memory.unit = Unit::bytes;
  for (const char* cause : kCauses) page.memory.parts.push_back({cause, {}});
  page.memory.parts.push_back({"fragmentation", {}});
  page.memory.parts.push_back({"runtime", {}});
  for (const Field& stage : stages)
    page.memory.bars.push_back({name_of(stage), parts_of(stage, bytes(memory, "runtime_bytes"))});
  page.memory.limit = number(memory, "capacity_bytes");
  page.memory.limit_name = "GPU memory";
  page.tables.push_back(table_of(stages));
}

void add_remedies(const Field& answer, ResultPage& page) {
  const Field& peak = object(answer, "peak");
  if (!text(peak, "during").empty())
    page.subtitle = "the peak is " + quantity(peak, "into_step_s", Unit::seconds) + " into the step, during " +
                    text(peak, "during");
  ResultTable live{"Live at the peak", {"What", "Cause", "Count", "GiB"}, {}};
  for (const Field& each : list(peak, "live"))
    live.rows.push_back(
        {text(each, "label"), text(each, "cause"), quantity(each, "count", Unit::count), gib(bytes(each, "bytes"))});
  ResultTable fits{"What would fit", {"Change", "Needed", "Step"}, {}};
  for (const Field& each : list(answer, "would_fit"))
    fits.rows.push_back({text(each, "change"), quantity(each, "needed_bytes", Unit::bytes),
                         quantity(each, "step_time_s", Unit::seconds)});
  for (ResultTable* table : {&live, &fits})
    if (!table->rows.empty()) page.tables.push_back(std::move(*table));
}

}  // namespace orrery::gui
