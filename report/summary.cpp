#include "report/summary.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "models/layout/layer_degrees.h"
#include "models/layout/layout.h"
#include "report/jobs.h"
#include "report/text.h"

namespace orrery::report {
namespace {

std::string painted(std::string_view text, std::string_view code, const Style& style) {
  if (!style.color) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

std::string heading(const std::string& text, const Style& style) {
  return '\n' + painted(text, "1", style) + '\n';
}

std::string layout_line(const Result& r) {
  const models::LayoutSpec& l = r.layout;
  std::string text = "tp " + models::degrees_text(l);
  constexpr const char* kDimensions[] = {"", " in 2d", " in 2.5d", " in 3d"};
  if (l.tp > 1) text += kDimensions[static_cast<int>(l.tp_dimensions)];
  if (l.sequence_parallel) text += " + sequence parallel";
  if (l.cp > 1) text += ", cp " + std::to_string(l.cp);
  text += ", pp " + std::to_string(l.pp);
  const std::string replicas = models::replicas_text(l);
  text += replicas.empty() ? ", dp " + std::to_string(l.dp) : " of " + replicas;
  if (l.ep > 1) text += ", ep " + std::to_string(l.ep);
  text += l.fsdp.empty() ? ", zero " + std::to_string(l.zero) : ", fsdp " + l.fsdp;
  return text;
}

std::string who(const Result& r) {
  Table table("ll");
  table.row({"scenario", r.scenario.empty() ? r.file : r.scenario});
  table.row({"GPUs", grouped(r.gpus) + " x " + r.gpu});
  table.row({"layout", layout_line(r)});
  table.row({"schedule", r.schedule});
  return table.str();
}

std::string recomputed(const Result& r) {
  const double more = r.model_flops.n > 0 ? r.hardware_flops.n / r.model_flops.n - 1 : 0;
  return more > 0 ? "with what is recomputed: " + percent(more) + " more FLOPs" : "the same: nothing is recomputed";
}

std::string speed(const Result& r) {
  const std::string peak = significant(r.peak.n * 1e-12, 4) + " TFLOP/s (" + r.gpu + ", " + r.peak_dtype + ", dense)";
  Table table("lll");
  const std::string range = r.step_interval ? human_seconds(r.step_interval->low.seconds()) + " to " +
                                                  human_seconds(r.step_interval->high.seconds()) + " in 9 of 10 of " +
                                                  std::to_string(r.step_interval->draws) + " draws"
                                            : "";
  table.row({"step", human_seconds(r.step_time.seconds()), range});
  table.row({"tokens/s", with_prefix(r.tokens_per_s), significant(r.tokens_per_s / r.gpus) + " a GPU"});
  table.row({"model TFLOP/s a GPU", significant(r.model_tflops_per_gpu), "model-causal: half of the attention counts"});
  table.row({"MFU", percent(r.mfu), "of " + peak});
  table.row({"HFU", percent(r.hfu), recomputed(r)});
  for (const Convention& c : r.conventions)
    if (c.name == "model-full")
      table.row({"by model-full", significant(c.model_tflops_per_gpu),
                 "= " + percent(c.mfu) + ": all of the attention counts"});
  return table.str();
}

// "[0, 1, 1, 1, 1, 0]" as "[0, 1 (4 times), 0]": a list of stages is long.
std::string with_repeats_counted(const std::string& line) {
  constexpr int kWorthCounting = 4;
  const std::size_t open = line.find('['), close = line.rfind(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return line;
  std::vector<std::pair<std::string, int>> entries;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(line.find(", ", at), close);
    const std::string entry = line.substr(at, end - at);
    if (entries.empty() || entries.back().first != entry) entries.emplace_back(entry, 0);
    ++entries.back().second;
    at = end + 2;
  }
  std::string list;
  const auto append = [&list](const std::string& text) { list += (list.empty() ? "" : ", ") + text; };
  for (const auto& [entry, times] : entries) {
    if (times >= kWorthCounting) append(entry + " (" + std::to_string(times) + " times)");
    for (int i = 0; times < kWorthCounting && i < times; ++i) append(entry);
  }
  return line.substr(0, open + 1) + list + line.substr(close);
}

// All rows in one unit, that of the whole: numbers in a column compare.
std::string breakdown(const Result& r) {
  constexpr int kBar = 40;
  const double step = r.step_time.seconds();
  const bool in_seconds = step >= 1;
  const double unit = in_seconds ? 1 : 1e-3;
  Table table("lrrl");
  table.row({"", in_seconds ? "s" : "ms", "share"});
  for (const TimeParts::Part& part : TimeParts::all()) {
    const Duration time = r.time.*part.member;
    if (time == Duration()) continue;
    const double share = step > 0 ? time.seconds() / step : 0;
    const std::string amount = fixed(time.seconds() / unit, 3);
    table.row({part.label, amount == "0.000" ? "<0.001" : amount, percent(share), bar(share, kBar)});
  }
  table.row({"step", fixed(step / unit, 3), percent(1)});
  return table.str();
}

std::string stage_name(const Memory& memory, const StageMemory& stage) {
  std::string name = "stage " + std::to_string(stage.stage);
  return stage.peak == memory.peak ? name + " *" : name;
}

std::string network(const Result& r) {
  Table table("l");
  for (const auto& [kind, bytes] : r.bytes_by_link_kind) {
    if (bytes.n <= 0) continue;
    const auto all = static_cast<double>(bytes.n);
    table.row({kind, with_unit(all, "B"), with_unit(all / r.gpus, "B a GPU")});
  }
  const std::string text = table.str();
  return text.empty() ? "  nothing: links are free, or nobody else is there\n" : text;
}

std::string links(const Result& r) {
  Table table("l");
  table.row({"", "alike", "GB each", "GB/s possible", "used", "busy"});
  for (const BusyLink& link : r.busiest_links) {
    const double step = r.step_time.seconds();
    table.row({link.name, grouped(link.alike), significant(static_cast<double>(link.bytes.n) * 1e-9),
               significant(static_cast<double>(link.capacity.n) * 1e-9), percent(link.utilisation),
               percent(step > 0 ? link.busy.seconds() / step : 0)});
  }
  return table.str();
}

std::string published(const Result& r) {
  Table table("l");
  table.row({"", "predicted", "published", "difference"});
  for (const Published& p : r.published) {
    const std::string name =
        p.measured.metric + (p.measured.convention.empty() ? "" : " (" + p.measured.convention + ")");
    if (!p.predicted) {
      table.row({name, "no such number", significant(p.measured.value), ""});
      continue;
    }
    const double error = p.measured.value != 0 ? *p.predicted / p.measured.value - 1 : 0;
    table.row({name, significant(*p.predicted), significant(p.measured.value), signed_percent(error)});
  }
  std::string text = table.str();
  for (const Published& p : r.published) text += "  source: " + p.measured.source + '\n';
  return text;
}

std::string engine_line(const Result& r) {
  return "  " + grouped(r.gpus) + " ranks, " + grouped(static_cast<std::int64_t>(r.ranks_simulated)) + " simulated; " +
         with_prefix(static_cast<double>(r.ops)) + " ops, " + with_prefix(static_cast<double>(r.events)) + " events; " +
         human_seconds(r.wall_s) + " of wall time; digest " + hex(r.digest.value()) + '\n';
}

}  // namespace

std::string fits_line(const Memory& memory, const Style& style) {
  const std::string verdict = memory.fits ? painted("fits", "1;32", style) : painted("does not fit", "1;31", style);
  const Bytes used = memory.reserved + memory.runtime;
  const Bytes left = memory.headroom();
  return verdict + ": " + gib(used) + " of " + gib(memory.capacity) + " GiB a GPU (" + gib(memory.peak) +
         " allocated, " + gib(memory.reserved) + " reserved, " + gib(memory.runtime) + " runtime), " +
         (left.n >= 0 ? gib(left) + " GiB left\n" : gib(Bytes{-left.n}) + " GiB too many\n");
}

std::string memory_table(const Memory& memory) {
  Table table("l");
  table.row({"GiB", "parameters", "gradients", "optimizer", "activations", "buffers", "peak", "reserved", "headroom",
             "in flight"});
  for (const StageMemory& s : memory.stages)
    table.row({stage_name(memory, s), gib(s.parameters), gib(s.gradients), gib(s.optimizer), gib(s.activations),
               gib(s.buffers), gib(s.peak), gib(s.reserved), gib(s.capacity - s.reserved - memory.runtime),
               std::to_string(s.in_flight_micro_batches)});
  return table.str();
}

std::string notes(const Result& result) {
  std::string text;
  for (const std::string& line : result.warnings) text += "  warning: " + line + '\n';
  for (const std::string& line : result.assumptions) text += "  assumed: " + line + '\n';
  for (const std::string& line : result.defaults_used) text += "  default: " + with_repeats_counted(line) + '\n';
  return text;
}

std::string summary(const Result& r, const Style& style) {
  std::string text = fits_line(r.memory, style) + '\n' + who(r) + '\n' + speed(r);
  text += heading("Where the step goes (mean over ranks)", style) + breakdown(r);
  text +=
      heading("Memory at the peak of each stage's largest rank (GiB; * the largest)", style) + memory_table(r.memory);
  text += heading("Network, bytes a step over the whole cluster, each crossing of a link counted", style) + network(r);
  if (!r.busiest_links.empty()) text += heading("Busiest links", style) + links(r);
  if (!r.jobs.empty())
    text += heading("Jobs on this fabric, each amid the others and alone on the same nodes", style) + jobs_table(r);
  if (!r.published.empty()) text += heading("Against what was published", style) + published(r);
  text += heading("Simulation", style) + engine_line(r);
  if (r.calibration) text += "  " + calibration_line(*r.calibration) + '\n';
  for (const std::string& line : r.warnings) text += "  warning: " + line + '\n';
  if (!r.defaults_used.empty())
    text += "  " + std::to_string(r.defaults_used.size()) + " values were defaulted: orrery explain lists them\n";
  return text;
}

}  // namespace orrery::report
