#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/options/trace_option.h"
#include "interop/trace/copy/copy_trace.h"
#include "report/trace_summary.h"
#include "sim/base/read/quantity.h"

namespace orrery::cli {
namespace {

struct TraceCommand {
  std::string file, out, top = "20";
  TraceWindow window;
  OutputOptions output;

  int run();
  int convert(const interop::TraceReadOptions& options) const;
  int summarise(const interop::TraceReadOptions& options, std::size_t rows) const;
};

int TraceCommand::run() {
  auto part = window.part();
  if (!part) return report(part.errors()), kUsage;
  interop::TraceReadOptions options;
  options.ranks = std::move(part->ranks);
  if (part->from) options.from = *part->from;
  if (part->to) options.to = *part->to;
  if (options.from >= options.to) return complain("trace: --from is not before --to"), kUsage;
  const auto rows = parse_count(top, {"--top", 0, 0});
  if (!rows || *rows < 0) return complain("--top: '" + top + "' is no number of rows"), kUsage;
  return out.empty() ? summarise(options, static_cast<std::size_t>(*rows)) : convert(options);
}

int TraceCommand::convert(const interop::TraceReadOptions& options) const {
  Progress progress(output.progress, output.quiet, file);
  const std::atomic<bool>& stop = stop_on_interrupt();
  const auto copied = interop::copy_trace(file, out, options, [&](const interop::TraceProgress& at) {
    if (at.total > 0) progress(static_cast<double>(at.bytes) / static_cast<double>(at.total));
    return !stop;
  });
  if (!copied) return report(copied.errors());
  if (copied->cancelled) return complain(file + ": interrupted; the trace so far is in " + out), kInterrupted;
  Output to(output.path);
  if (!to.ok()) return kInputOutput;
  if (!output.quiet) to.stream() << out << ": " << report::trace_counts(*copied);
  return to.finish() ? kDone : kInputOutput;
}

int TraceCommand::summarise(const interop::TraceReadOptions& options, std::size_t rows) const {
  Progress progress(output.progress, output.quiet, file);
  const std::atomic<bool>& stop = stop_on_interrupt();
  const auto breakdown = interop::break_down(file, options, [&](const interop::TraceProgress& at) {
    if (at.total > 0) progress(static_cast<double>(at.bytes) / static_cast<double>(at.total));
    return !stop;
  });
  if (!breakdown) return report(breakdown.errors());
  if (breakdown->summary.cancelled) return complain(file + ": interrupted"), kInterrupted;
  Output to(output.path);
  if (!to.ok()) return kInputOutput;
  to.stream() << (output.format == "json" ? report::trace_summary_json(file, *breakdown)
                  : output.format == "csv"
                      ? report::trace_summary_csv(*breakdown)
                      : with_headings(report::trace_summary(file, *breakdown, rows), output.color, output.path));
  return to.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_trace(CLI::App& app, int& status) {
  auto command = std::make_shared<TraceCommand>();
  CLI::App& sub = *app.add_subcommand("trace", "Summarise, cut and convert traces");
  sub.add_option("FILE", command->file, "Chrome JSON, PyTorch Kineto or Perfetto, as it is or as .gz or .zst")
      ->required();
  sub.add_option("OUT", command->out, "Write the trace there: .json, .json.gz (Chrome) or .pftrace (Perfetto)");
  sub.add_option("--ranks", command->window.ranks, "Only these ranks, as 0-7,64")->option_text("LIST");
  sub.add_option("--from", command->window.from, "Only from this time of the trace on")->option_text("TIME");
  sub.add_option("--to", command->window.to, "Only up to this time of the trace, as 1.5s")->option_text("TIME");
  sub.add_option("--top", command->top, "Operations to list (default 20)")->option_text("N");
  command->output.add_to(sub, {"table", "json", "csv"});
  sub.footer(
      "Without OUT, says where the time of every rank went: compute, communication that nothing hides, idle.\n"
      "Traces of PyTorch count their GPU streams, kernels told apart by name. Broken events are left out and\n"
      "counted. Clocks that count from 1970 are counted from the trace's first event.\n"
      "Examples:\n"
      "  orrery trace kineto.json.gz\n"
      "  orrery trace run.json.gz step.pftrace --ranks 0-7 --from 15.7s --to 31.5s\n"
      "  orrery trace run.pftrace --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
