#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/html_option.h"
#include "cli/options/options.h"
#include "cli/options/trace_option.h"
#include "cli/work/intervals.h"
#include "cli/work/pipeline.h"
#include "interop/trace/write/output/tee.h"
#include "models/run/jobs.h"
#include "report/json.h"
#include "report/summary.h"

namespace orrery::cli {
namespace {

constexpr int kDraws = 200;

struct RunCommand {
  std::vector<std::string> files;
  ScenarioOptions scenario;
  OutputOptions output;
  TraceOptions trace;
  std::string html;
  bool require_fit = false, intervals = false;
  bool header_printed = false;

  int run();
  int run_file(const std::string& file, const std::vector<models::Override>& overrides, Output& out);
  int run_jobs(const std::string& file, const models::Scenario& read, Output& out);
  void print(const report::Result& result, Output& out);
};

// Who hears of a run: the writer of the trace and the page, where somebody wants them.
class Listeners {
 public:
  Listeners(const TraceOptions& trace, const std::string& html) : trace_(trace), html_(html) {}

  // Null when nobody wants to hear. `prepared` must outlive the listeners.
  Result<sim::TraceSink*> open(const Prepared& prepared) {
    auto opened = trace_.open(prepared);
    if (!opened) return opened.errors();
    writer_ = std::move(*opened);
    if (!html_.empty()) page_.emplace(prepared);
    std::vector<sim::TraceSink*> sinks = page_ ? page_->sinks() : std::vector<sim::TraceSink*>();
    if (writer_) sinks.push_back(writer_.get());
    if (sinks.empty()) return static_cast<sim::TraceSink*>(nullptr);
    return &tee_.emplace(std::move(sinks));
  }
  Errors close() { return writer_ ? writer_->close() : Errors(); }
  std::string trace_so_far() const { return writer_ ? "; the trace so far is in " + trace_.path : ""; }
  bool write_page(const Simulated& simulated, const report::Result& result) {
    return !page_ || page_->write(html_, simulated, result);
  }

 private:
  const TraceOptions& trace_;
  const std::string& html_;
  std::unique_ptr<interop::TraceWriter> writer_;
  std::optional<HtmlReport> page_;
  std::optional<interop::TraceTee> tee_;
};

// What cannot be asked for together, before anything is read.
int refuse_usage(const RunCommand& command) {
  if (command.files.size() < 2) return kDone;
  if (command.output.format == "json")
    return complain("--format json prints one document; use --format jsonl for several files"), kUsage;
  if (!command.trace.path.empty()) return complain("--trace takes one scenario at a time"), kUsage;
  if (!command.html.empty()) return complain("--report takes one scenario at a time"), kUsage;
  return kDone;
}

int RunCommand::run() {
  if (const int status = refuse_usage(*this); status != kDone) return status;
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  Output out(output.path);
  if (!out.ok()) return kInputOutput;

  int status = kDone;
  for (const std::string& file : files) {
    const int one = run_file(file, *overrides, out);
    if (one == kInterrupted) return one;
    if (status == kDone || one > status) status = one;
  }
  return out.finish() ? status : kInputOutput;
}

int RunCommand::run_file(const std::string& file, const std::vector<models::Override>& overrides, Output& out) {
  const auto begin = std::chrono::steady_clock::now();
  auto read = models::read_scenario(file, overrides);
  if (!read) return report(read.errors());
  if (!read->jobs.empty()) return run_jobs(file, *read, out);
  // A trace and a page show every op.
  const bool shows_ops = !trace.path.empty() || !html.empty();
  const auto prepared =
      prepare_aloud(std::move(*read), shows_ops ? models::Form::written_out : models::Form::with_calls);
  if (!prepared) return report(prepared.errors());
  Listeners listeners(trace, html);
  const auto listener = listeners.open(*prepared);
  if (!listener) return report(listener.errors());

  Progress progress(output.progress, output.quiet, file);
  SimulateOptions options;
  options.trace = *listener;
  options.stop = &stop_on_interrupt();
  options.progress = [&progress](double fraction) { progress(fraction); };
  const Simulated simulated = simulate_aloud(*prepared, options);
  if (const Errors errors = listeners.close(); !errors.empty()) return report(errors);
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted" + listeners.trace_so_far()), kInterrupted;

  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  report::Result result = report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), wall.count()});
  if (intervals) {
    Progress of_draws(output.progress, output.quiet, file + " (intervals)");
    auto interval =
        step_interval(prepared->scenario, kDraws, options.stop, [&of_draws](double share) { of_draws(share); });
    if (!interval) return report(interval.errors());
    if (!*interval) return complain(file + ": interrupted"), kInterrupted;
    result.step_interval = **interval;
  }
  print(result, out);
  if (!listeners.write_page(simulated, result)) return kInputOutput;
  return require_fit && !result.memory.fits ? kNo : kDone;
}

// A scenario amid others on its fabric.
int RunCommand::run_jobs(const std::string& file, const models::Scenario& read, Output& out) {
  const auto begin = std::chrono::steady_clock::now();
  Progress progress(output.progress, output.quiet, file);
  models::JobsOptions options;
  options.simulate.stop = &stop_on_interrupt();
  options.simulate.progress = [&progress](double fraction) { progress(fraction); };
  std::shared_ptr<const Prepared> heard;
  Listeners listeners(trace, html);
  if (!trace.path.empty() || !html.empty())
    options.listen = [&](const std::shared_ptr<const Prepared>& all) { return listeners.open(*(heard = all)); };
  auto run = models::run_jobs(read, options);
  if (const Errors errors = listeners.close(); !errors.empty()) return report(errors);
  if (!run) return report(run.errors());
  if (run->simulated.classes.interrupted)
    return complain(file + ": interrupted" + listeners.trace_so_far()), kInterrupted;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  report::Result result = report::make_result(
      {run->main.scenario, run->main.compiled, run->simulated.ranks, run->ranks_simulated, wall.count()});
  result.jobs = std::move(run->jobs);
  if (intervals) {
    Progress of_draws(output.progress, output.quiet, file + " (intervals)");
    auto all = job_intervals(read, kDraws, options.simulate.stop, [&of_draws](double share) { of_draws(share); });
    if (!all) return report(all.errors());
    if (!*all) return complain(file + ": interrupted"), kInterrupted;
    result.job_intervals = std::move(**all);
    result.step_interval = result.job_intervals.front().step;
  }
  print(result, out);
  if (!listeners.write_page(run->simulated, result)) return kInputOutput;
  return require_fit && !result.memory.fits ? kNo : kDone;
}

void RunCommand::print(const report::Result& result, Output& out) {
  std::ostream& stream = out.stream();
  if (output.format == "json") {
    stream << report::to_json(result);
  } else if (output.format == "jsonl") {
    stream << report::to_json(result, -1);
  } else if (output.format == "csv") {
    if (!header_printed) stream << report::csv_header(result);
    stream << report::csv_row(result);
  } else {
    if (header_printed) stream << '\n';
    stream << report::summary(result, style_for(output.color, output.path));
  }
  stream.flush();  // of several files, what is finished is kept
  header_printed = true;
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto command = std::make_shared<RunCommand>();
  CLI::App& sub = *app.add_subcommand("run", "Simulate a training step and report on it");
  sub.add_option("FILE", command->files, "Scenario files")->required()->option_text("FILE...");
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json", "jsonl", "csv"});
  command->trace.add_to(sub);
  sub.add_option("--report", command->html, "Write a page about the run: timeline, breakdown, memory, critical path")
      ->option_text("OUT.html");
  sub.add_flag("--intervals", command->intervals,
               "How far the step may be off: run it 200 times with every time drawn from what it is known within");
  sub.add_flag("--require-fit", command->require_fit, "Exit with status 1 when it does not fit into memory");
  sub.footer(
      "Examples:\n"
      "  orrery run scenarios/llama-3.1-405b-8k-h100.yaml --trace step.json.gz\n"
      "  orrery run scenarios/llama-3.1-70b-64-h100.yaml --report step.html\n"
      "  orrery run my.yaml --set layout.tp=4 --set layout.pp=8 --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
