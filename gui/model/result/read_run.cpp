#include <cctype>

#include "gui/model/result/field.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

struct TimePart {
  const char* key;
  const char* name;
  EventClass is;
};

// The keys of report::TimeParts, as the classes of the timeline.
constexpr TimePart kTimeParts[] = {
    {"compute_s", "compute", EventClass::compute},
    {"recompute_s", "recompute", EventClass::recompute},
    {"exposed_tp_s", "exposed TP", EventClass::tp},
    {"exposed_cp_s", "exposed CP", EventClass::cp},
    {"exposed_ep_s", "exposed EP", EventClass::ep},
    {"exposed_pp_s", "exposed PP", EventClass::pp},
    {"exposed_dp_s", "exposed DP", EventClass::dp},
    {"bubble_s", "bubble", EventClass::bubble},
    {"optimizer_s", "optimizer", EventClass::optimizer},
    {"offload_s", "offload", EventClass::copy},
    {"host_s", "host", EventClass::host},
    {"other_s", "other", EventClass::other},
};

// "194 TB", "0 B".
std::string amount(double value, const std::string& unit) {
  const std::string text = report::with_prefix(value);
  return text + (std::isalpha(static_cast<unsigned char>(text.back())) != 0 ? "" : " ") + unit;
}

std::string subtitle_of(const Field& run) {
  std::string line = quantity(run, "gpus", Unit::count) + " x " + text(object(run, "peak"), "gpu");
  const Field& layout = object(run, "layout");
  for (const char* key : {"tp", "cp", "pp", "dp", "ep"})
    if (const auto size = number(layout, key); size && *size > 1)
      line += std::string(", ") + key + " " + quantity(*size, Unit::count);
  if (const auto zero = number(layout, "zero"); zero && *zero > 0) line += ", zero " + quantity(*zero, Unit::count);
  if (const std::string fsdp = text(layout, "fsdp"); !fsdp.empty()) line += ", fsdp " + fsdp;
  return line;
}

void add_figure(const Field& run, const char* key, Figure figure, ResultPage& page) {
  const auto value = number(run, key);
  if (!value) return;
  figure.value = *value;
  page.figures.push_back(std::move(figure));
}

void add_figures(const Field& run, ResultPage& page) {
  const bool beside_measured = !page.figures.empty();
  add_figure(run, "step_time_s", {"Step", 0, Unit::seconds, true, beside_measured ? "predicted" : ""}, page);
  const Field& peak = object(run, "peak");
  const std::string of = number(peak, "flops_per_s")
                             ? "of " + quantity(peak, "flops_per_s", Unit::flops_per_s) + ", " + text(peak, "precision")
                             : "";
  add_figure(run, "mfu", {"MFU", 0, Unit::share, false, of}, page);
  if (number(run, "hfu") != number(run, "mfu"))
    add_figure(run, "hfu", {"HFU", 0, Unit::share, false, "with recompute"}, page);
  add_figure(run, "tokens_per_s_per_gpu",
             {"Tokens/s a GPU", 0, Unit::count, false, quantity(run, "tokens_per_s", Unit::count) + " in all"}, page);
  add_figure(run, "bubble_fraction", {"Bubble", 0, Unit::share, true, "of the step"}, page);
}

void add_exposed(const Field& time, ResultPage& page) {
  double exposed = 0;
  for (const TimePart& part : kTimeParts)
    if (is_communication(part.is)) exposed += number(time, part.key).value_or(0);
  page.figures.push_back({"Exposed", exposed, Unit::seconds, true, "transfers that nothing hides"});
}

void add_time(const Field& time, ResultPage& page) {
  if (time.members.empty()) return;
  add_exposed(time, page);
  page.time = {"Where the step goes (mean over ranks)", Unit::seconds, {}, {{"step", {}}}, {}, ""};
  ResultTable table{page.time.title, {"Part", "Time", "Share"}, {}};
  double whole = 0;
  for (const TimePart& part : kTimeParts) whole += number(time, part.key).value_or(0);
  for (const TimePart& part : kTimeParts) {
    const double value = number(time, part.key).value_or(0);
    if (value <= 0) continue;
    page.time.parts.push_back({part.name, part.is});
    page.time.bars.front().values.push_back(value);
    table.rows.push_back({part.name, quantity(value, Unit::seconds), quantity(value / whole, Unit::share)});
  }
  page.tables.push_back(std::move(table));
}

void add_network(const Field& network, ResultPage& page) {
  ResultTable kinds{"Bytes a step by kind of link, over the whole cluster", {"Kind", "Bytes"}, {}};
  for (const auto& [kind, bytes] : object(network, "bytes_by_link_kind").members)
    if (bytes.number) kinds.rows.push_back({kind, amount(*bytes.number, "B")});
  ResultTable links{"Busiest links", {"Link", "Alike", "Bytes each", "Possible", "Used", "Busy"}, {}};
  for (const Field& link : list(network, "busiest_links"))
    links.rows.push_back({text(link, "link"), quantity(link, "alike", Unit::count),
                          amount(number(link, "bytes").value_or(0), "B"),
                          amount(number(link, "capacity_bytes_per_s").value_or(0), "B/s"),
                          quantity(link, "utilisation", Unit::share), quantity(link, "busy_s", Unit::seconds)});
  for (ResultTable* table : {&kinds, &links})
    if (!table->rows.empty()) page.tables.push_back(std::move(*table));
}

void add_published(const Field& run, ResultPage& page) {
  ResultTable table{"Beside what was published", {"Metric", "Published", "Predicted", "Error", "Source"}, {}};
  for (const Field& row : list(run, "published")) {
    const auto error = number(row, "relative_error");
    const std::string convention = text(row, "convention");
    table.rows.push_back({text(row, "metric") + (convention.empty() ? "" : " (" + convention + ")"),
                          quantity(row, "published", Unit::count), quantity(row, "predicted", Unit::count),
                          error ? report::signed_percent(*error) : "", text(row, "source")});
  }
  if (!table.rows.empty()) page.tables.push_back(std::move(table));
}

void add_conventions(const Field& run, ResultPage& page) {
  ResultTable table{"By other conventions of counting FLOPs", {"Convention", "TFLOP/s a GPU", "MFU"}, {}};
  for (const auto& [name, counted] : object(run, "flops_conventions").members)
    table.rows.push_back(
        {name, quantity(counted, "model_tflops_per_gpu", Unit::count), quantity(counted, "mfu", Unit::share)});
  if (!table.rows.empty()) page.tables.push_back(std::move(table));
}

void add_jobs(const Field& run, ResultPage& page) {
  ResultTable table{"Jobs on the same fabric", {"Job", "GPUs", "Step", "Alone", "Slowdown"}, {}};
  for (const Field& job : list(run, "jobs"))
    table.rows.push_back({text(job, "name"), quantity(job, "gpus", Unit::count),
                          quantity(job, "step_time_s", Unit::seconds),
                          quantity(job, "step_time_alone_s", Unit::seconds), quantity(job, "slowdown", Unit::count)});
  if (!table.rows.empty()) page.tables.push_back(std::move(table));
}

}  // namespace

void add_run(const Field& run, ResultPage& page) {
  if (page.subtitle.empty()) page.subtitle = subtitle_of(run);
  add_figures(run, page);
  add_time(object(run, "time"), page);
  add_memory(object(run, "memory"), page);
  add_published(run, page);
  add_network(object(run, "network"), page);
  add_jobs(run, page);
  add_conventions(run, page);
  for (std::string& warning : texts(run, "warnings")) page.warnings.push_back(std::move(warning));
  ResultTable defaults{"Left to us", {"Key and value"}, {}};
  for (std::string& line : texts(run, "defaults_used")) defaults.rows.push_back({std::move(line)});
  if (!defaults.rows.empty()) page.tables.push_back(std::move(defaults));
}

}  // namespace orrery::gui
