#include "report/compare/compare.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/options/share.h"
#include "cli/options/trace_option.h"
#include "cli/work/pipeline.h"
#include "interop/trace/read/read_trace.h"
#include "report/json.h"
#include "report/text.h"
#include "sim/base/read/quantity.h"
#include "sim/base/text.h"

namespace orrery::cli {
namespace {

// What a file to compare holds.
struct Compared {
  report::Metrics metrics;
  bool is_trace = false, cancelled = false;
};

struct CompareCommand {
  std::string a, b, max_error, top = "20";
  TraceWindow window;
  OutputOptions output;

  int run();
  Result<Compared> read(const std::string& file);
  Result<Compared> run_scenario(const std::string& file) const;
  Result<Compared> read_trace(const std::string& file) const;
  int judge(const report::Compare& compare, double largest_error) const;

  interop::TraceReadOptions part;
};

bool is_scenario(const std::string& file) {
  return file.ends_with(".yaml") || file.ends_with(".yml");
}

std::string first_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(1 << 16, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

// Results are JSON and so are most traces: a trace says "traceEvents" at its top, or is a list or no text at all.
bool is_document(const std::string& first) {
  const std::size_t bracket = first.find_first_not_of(" \t\r\n");
  return bracket != std::string::npos && first[bracket] == '{' && first.find("\"traceEvents\"") == std::string::npos &&
         first.find("\"ph\"") == std::string::npos && first.find("\"deviceProperties\"") == std::string::npos;
}

Result<Compared> CompareCommand::read(const std::string& file) {
  if (is_scenario(file)) return run_scenario(file);
  const std::string first = first_bytes(file);
  if (first.empty()) return read_trace(file);  // says that it is absent, or empty
  if (first.starts_with("SQLite format 3"))
    return Error{{file, 0, 0}, "is the store of a sweep; compare results of orrery run FILE --format json"};
  if (!is_document(first)) return read_trace(file);
  constexpr std::size_t kMostBytes = 16 << 20;
  const auto text = read_text_file(file, kMostBytes);
  if (!text) return text.errors();
  auto metrics = report::result_metrics(*text, file);
  if (!metrics) return metrics.errors();
  return Compared{std::move(*metrics), false, false};
}

Result<Compared> CompareCommand::run_scenario(const std::string& file) const {
  const auto begin = std::chrono::steady_clock::now();
  const auto prepared = prepare(file, {});
  if (!prepared) return prepared.errors();
  Progress progress(output.progress, output.quiet, file);
  SimulateOptions options;
  options.stop = &stop_on_interrupt();
  options.progress = [&progress](double fraction) { progress(fraction); };
  const Simulated simulated = simulate(*prepared, options);
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return Compared{{}, false, true};
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const report::Result result = report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), wall.count()});
  auto metrics = report::result_metrics(report::to_json(result), file);
  if (!metrics) return metrics.errors();
  return Compared{std::move(*metrics), false, false};
}

Result<Compared> CompareCommand::read_trace(const std::string& file) const {
  Progress progress(output.progress, output.quiet, file);
  const std::atomic<bool>& stop = stop_on_interrupt();
  const auto breakdown = interop::break_down(file, part, [&](const interop::TraceProgress& at) {
    if (at.total > 0) progress(static_cast<double>(at.bytes) / static_cast<double>(at.total));
    return !stop;
  });
  if (!breakdown) return breakdown.errors();
  return Compared{report::trace_metrics(*breakdown), true, breakdown->summary.cancelled};
}

int CompareCommand::run() {
  const auto largest_error = parse_share(max_error);
  if (!largest_error) return complain("compare: --max-error: '" + max_error + "' is no share, as 5% or 0.05"), kUsage;
  const auto rows = parse_count(top, {"--top", 0, 0});
  if (!rows || *rows < 0) return complain("--top: '" + top + "' is no number of rows"), kUsage;
  auto asked = window.part();
  if (!asked) return report(asked.errors()), kUsage;
  part.ranks = std::move(asked->ranks);
  if (asked->from) part.from = *asked->from;
  if (asked->to) part.to = *asked->to;

  auto of_a = read(a), of_b = read(b);
  Errors errors;
  for (const auto* side : {&of_a, &of_b})
    if (!*side) errors.insert(errors.end(), side->errors().begin(), side->errors().end());
  if (!errors.empty()) return report(errors);
  report::Compare compare{a, b, std::move(of_a->metrics), std::move(of_b->metrics), {}};
  bool cancelled = of_a->cancelled || of_b->cancelled;
  if (of_a->is_trace && of_b->is_trace && !cancelled) {
    const std::atomic<bool>& stop = stop_on_interrupt();
    auto events = interop::align(a, b, part, static_cast<std::size_t>(*rows),
                                 [&](const interop::TraceProgress&) { return !stop; });
    if (!events) return report(events.errors());
    compare.events = std::move(*events);
    cancelled = stop;
  } else if (of_a->is_trace != of_b->is_trace) {
    report::Metrics& result = of_a->is_trace ? compare.of_b : compare.of_a;
    result = report::as_of_a_trace(result);
  }
  if (cancelled) return complain("compare: interrupted"), kInterrupted;

  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::compare_json(compare)
                   : output.format == "csv"
                       ? report::compare_csv(compare)
                       : with_headings(report::compare_text(compare, static_cast<std::size_t>(*rows)), output.color,
                                       output.path));
  if (!out.finish()) return kInputOutput;
  return judge(compare, *largest_error);
}

int CompareCommand::judge(const report::Compare& compare, double largest_error) const {
  if (largest_error < 0) return kDone;
  const auto worst = compare.worst();
  if (!worst) return complain("compare: neither file has a step time to hold to --max-error"), kNo;
  if (std::abs(worst->second) <= largest_error) return kDone;
  complain(worst->first + " is off by " + report::signed_percent(worst->second) + ", more than " + max_error);
  return kNo;
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App& sub = *app.add_subcommand("compare", "Two results or traces, side by side");
  sub.add_option("A", command->a, "A result (orrery run --format json), a trace, or a scenario to run")->required();
  sub.add_option("B", command->b, "What it is compared with; differences are B - A")->required();
  sub.add_option("--max-error", command->max_error, "Exit with 1 when step or peak memory differ more, as 5%")
      ->option_text("SHARE");
  sub.add_option("--top", command->top, "Operations and events to list (default 20)")->option_text("N");
  sub.add_option("--ranks", command->window.ranks, "Of traces, only these ranks, as 0-7,64")->option_text("LIST");
  sub.add_option("--from", command->window.from, "Of traces, only from this time on")->option_text("TIME");
  sub.add_option("--to", command->window.to, "Of traces, only up to this time, as 1.5s")->option_text("TIME");
  command->output.add_to(sub, {"table", "json", "csv"});
  sub.footer(
      "Events of two traces are aligned by what they are: rank, step, action, micro-batch, chunk and name. A\n"
      "trace beside a result is compared by the parts of its step, a step being its window over its steps.\n"
      "Examples:\n"
      "  orrery compare before.json after.json\n"
      "  orrery compare tp4.json.gz tp8.json.gz --ranks 0 --top 10\n"
      "  orrery compare scenario.yaml kineto.json.gz --max-error 10%");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
