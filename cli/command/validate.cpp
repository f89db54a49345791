#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "cli/options/share.h"
#include "cli/options/trace_option.h"
#include "cli/process/gpu_helper.h"
#include "cli/work/pipeline.h"
#include "report/accuracy/comparison.h"
#include "report/html/validation_page.h"
#include "report/json.h"
#include "report/text.h"
#include "validate/runner/runner.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::cli {
namespace {

constexpr std::uint64_t kMostOps = 50'000'000;  // whose spans are kept, twice

struct ValidateCommand {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;
  TraceOptions trace;
  std::string prediction_path, max_error, html;
  int gpus = 0, virtual_ranks = 0, sms = 0, deadline_s = kGpuDeadline;
  bool stand_in = false, graph = false, planned_links = false, skip_host_ops = false;

  int run();
  int find_gpus(int ranks);
  int compare(const Prepared& prepared, double largest_error);
  Result<validate::RunRecord> measure(const Prepared& prepared) const;
  Result<validate::RunRecord> measure_on_stand_in(const Prepared& prepared) const;
  std::vector<std::string> gpu_arguments() const;
  int tell_faults(const validate::RunRecord& record, const report::Result& prediction) const;
  int finish(const report::Validation& validation, double largest_error) const;
  bool write_page(const Prepared& prepared, const report::Validation& validation,
                  const std::vector<sim::Span>& predicted, const std::vector<sim::Span>& measured) const;
  int write_prediction(const report::Result& prediction) const;
};

int refuse_size(const sim::Workload& workload) {
  std::uint64_t ops = 0;
  for (const ProgramId program : workload.program_of) ops += workload.programs[program].op_count();
  ops *= static_cast<std::uint64_t>(workload.steps);
  if (ops <= kMostOps) return kDone;
  complain("validate: " + std::to_string(workload.ranks()) + " ranks run " +
           report::grouped(static_cast<std::int64_t>(ops)) +
           " ops, and every one of them is kept; take fewer ranks, layers or micro-batches");
  return kInvalid;
}

int refuse_ranks(const std::string& option, int asked, int ranks, const std::string& file) {
  complain("validate: " + option + " " + std::to_string(asked) + ", but the layout of " + file + " has " +
           std::to_string(ranks) + " ranks");
  return kInvalid;
}

int ValidateCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto largest_error = parse_share(max_error);
  if (!largest_error) return complain("validate: --max-error: '" + max_error + "' is no share, as 5% or 0.05"), kUsage;
  if (gpus > 0 && virtual_ranks > 0) return complain("validate: --gpus and --virtual-ranks exclude each other"), kUsage;
  if (stand_in && gpus > 0) return complain("validate: --stand-in takes no GPUs"), kUsage;
  if (stand_in && sms > 0) return complain("validate: --stand-in has no SMs: no --sms"), kUsage;

  auto scenario_read = prepare(file, *overrides);
  if (!scenario_read) return report(scenario_read.errors());
  // Ranks are executed one by one, so none stands for another.
  scenario_read->folded.reset();
  if (const int status = refuse_size(scenario_read->workload()); status != kDone) return status;
  const auto ranks = static_cast<int>(scenario_read->workload().ranks());
  if (virtual_ranks > 0 && virtual_ranks != ranks) return refuse_ranks("--virtual-ranks", virtual_ranks, ranks, file);
  if (gpus > 0 && gpus != ranks) return refuse_ranks("--gpus", gpus, ranks, file);
  if (!stand_in)
    if (const int status = find_gpus(ranks); status != kDone) return status;
  return compare(*scenario_read, *largest_error);
}

// One rank a GPU where there are enough, else all on one.
int ValidateCommand::find_gpus(int ranks) {
  const auto helper = GpuHelper::find();
  const int there = helper ? helper->gpus() : 0;
  if (there >= ranks && virtual_ranks == 0) gpus = ranks;
  if (gpus == 0 && there > 0) virtual_ranks = ranks;
  if (there > 0 && gpus <= there) return kDone;
  const std::string why = !helper ? "this build has no GPU backend (no orrery-gpu beside orrery)"
                          : there == 0
                              ? "there is no GPU here"
                              : std::to_string(gpus) + " GPUs are asked for, and there are " + std::to_string(there);
  complain("validate: " + why + "; --stand-in runs the programs without hardware");
  return kMissing;
}

// The prediction stands before anything is executed.
int ValidateCommand::write_prediction(const report::Result& prediction) const {
  complain(file + ": predicted step " + report::human_seconds(prediction.step_time.seconds()) + ", bubble " +
           report::percent(prediction.bubble_fraction()));
  if (prediction_path.empty()) return kDone;
  Output out(prediction_path);
  if (!out.ok()) return kInputOutput;
  out.stream() << report::to_json(prediction);
  return out.finish() ? kDone : kInputOutput;
}

Result<validate::RunRecord> ValidateCommand::measure_on_stand_in(const Prepared& prepared) const {
  const sim::Workload& workload = prepared.workload();
  validate::StandIn device(validate::planned_durations(workload));
  sim::Trace measured;
  validate::RunnerOptions options;
  options.kernels = prepared.compiled.kernels;
  options.trace = &measured;
  options.stop = &stop_on_interrupt();
  const validate::Execution execution = validate::execute(workload, device, device, options);
  if (!execution.faults.empty()) throw InternalError(execution.faults.front().what);
  validate::RunRecord record;
  record.device = "a stand-in that takes the planned times";
  record.transport = "links without contention";
  record.interrupted = execution.interrupted;
  record.spans = measured.spans();
  return record;
}

std::vector<std::string> ValidateCommand::gpu_arguments() const {
  std::vector<std::string> arguments{file};
  for (const std::string& set : scenario.sets) arguments.insert(arguments.end(), {"--set", set});
  if (!scenario.steps.empty()) arguments.insert(arguments.end(), {"--steps", scenario.steps});
  if (!scenario.seed.empty()) arguments.insert(arguments.end(), {"--seed", scenario.seed});
  if (virtual_ranks > 0) arguments.emplace_back("--virtual-ranks");
  if (sms > 0) arguments.insert(arguments.end(), {"--sms", std::to_string(sms)});
  if (graph) arguments.emplace_back("--graph");
  if (planned_links) arguments.emplace_back("--planned-links");
  if (skip_host_ops) arguments.emplace_back("--skip-host-ops");
  return arguments;
}

Result<validate::RunRecord> ValidateCommand::measure(const Prepared& prepared) const {
  if (stand_in) return measure_on_stand_in(prepared);
  return GpuHelper::find()->run(gpu_arguments(), std::max(1, gpus), std::chrono::seconds(deadline_s));
}

// What went wrong, and what of it the prediction knew: the rest is kept and marked.
int ValidateCommand::tell_faults(const validate::RunRecord& record, const report::Result& prediction) const {
  for (const std::string& fault : record.faults) complain(file + ": " + fault);
  const bool memory = std::any_of(record.faults.begin(), record.faults.end(), [](const std::string& fault) {
    return fault.find("no memory") != std::string::npos;
  });
  if (memory)
    complain(file + ": predicted were " + report::gib(prediction.memory.reserved) +
             " GiB reserved by a rank; the GPU has " + report::gib(record.device_memory) +
             " GiB, of which operands of kernels take " + report::gib(record.operand_memory));
  complain(file + ": the run is partial: " + report::grouped(static_cast<std::int64_t>(record.spans.size())) +
           " ops ended" + (trace.path.empty() ? "" : ", and the trace has those"));
  return record.interrupted ? kInterrupted : kNo;
}

// What the driver was asked for, beside what that was predicted to be.
void compare_memory(const validate::RunRecord& record, const report::Memory& predicted, validate::Comparison& out) {
  Bytes reserved;
  for (const validate::RankMemoryUse& rank : record.memory) reserved = std::max(reserved, rank.reserved_peak);
  if (reserved.n == 0) return;
  const auto compared = [](Bytes before, Bytes after) {
    return validate::Compared{static_cast<double>(before.n), static_cast<double>(after.n)};
  };
  out.reserved_bytes = compared(predicted.reserved, reserved);
  out.runtime_bytes = compared(predicted.runtime, record.runtime_memory);
}

int ValidateCommand::compare(const Prepared& prepared, double largest_error) {
  const sim::Workload& workload = prepared.workload();
  sim::Trace predicted;
  const Simulated simulated = simulate(prepared, {&predicted, &stop_on_interrupt(), {}});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;
  report::Validation validation{
      report::make_result({prepared.scenario, prepared.compiled, simulated.ranks, workload.ranks(), 0}),
      "",
      "",
      workload.steps,
      {},
      {}};
  if (!output.quiet || !prediction_path.empty())
    if (const int status = write_prediction(validation.prediction); status != kDone) return status;

  auto opened = trace.open(prepared);
  if (!opened) return report(opened.errors());
  const auto record = measure(prepared);
  if (!record) return report(record.errors()), kNo;
  if (*opened) {
    for (const sim::Span& span : record->spans)
      if ((*opened)->wants(span.rank)) (*opened)->span(span);
    if (const Errors errors = (*opened)->close(); !errors.empty()) return report(errors);
  }
  if (!record->complete()) return tell_faults(*record, validation.prediction);
  validation.device = record->device;
  validation.transport = record->transport;
  validation.notes = validate::remarks_on(*record);
  validation.comparison = validate::compare(workload, prepared.compiled.kernels, predicted.spans(), record->spans);
  compare_memory(*record, validation.prediction.memory, validation.comparison);
  for (const validate::SlowRank& slow : validate::slow_ranks(validation.comparison))
    validation.notes.push_back("rank " + std::to_string(slow.rank.value) + " was slow: its own work took " +
                               report::fixed(slow.times, 2) +
                               " times as long as that of the others, each against its prediction");
  const int status = finish(validation, largest_error);
  if (!html.empty() && !write_page(prepared, validation, predicted.spans(), record->spans)) return kInputOutput;
  return status;
}

// The last step of these spans, as `timeline` has it.
report::ShownStep shown_step(report::StepTimeline& timeline, const std::vector<sim::Span>& spans, int steps) {
  Time from = Time::never(), to;
  for (const sim::Span& span : spans) {
    if (span.step + 1 != steps || !timeline.wants(span.rank)) continue;
    timeline.span(span);
    from = std::min(from, span.start);
    to = std::max(to, span.end);
  }
  return {timeline, std::min(from, to), to};
}

bool ValidateCommand::write_page(const Prepared& prepared, const report::Validation& validation,
                                 const std::vector<sim::Span>& predicted,
                                 const std::vector<sim::Span>& measured) const {
  const sim::Workload& workload = prepared.workload();
  const std::vector<RankId> ranks = one_rank_a_stage(prepared);
  report::StepTimeline before(workload, ranks), after(workload, ranks);
  Output out(html);
  if (!out.ok()) return false;
  out.stream() << report::validation_page({validation, workload, ranks, shown_step(before, predicted, workload.steps),
                                           shown_step(after, measured, workload.steps)});
  return out.finish();
}

int ValidateCommand::finish(const report::Validation& validation, double largest_error) const {
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json"
                       ? report::comparison_json(validation)
                       : with_headings(report::comparison_report(validation), output.color, output.path));
  if (!out.finish()) return kInputOutput;
  const double worst = validation.comparison.worst_error();
  if (largest_error < 0 || worst <= largest_error) return kDone;
  complain(file + ": off by " + report::percent(worst) + ", more than " + max_error);
  return kNo;
}

}  // namespace

void add_validate(CLI::App& app, int& status) {
  auto command = std::make_shared<ValidateCommand>();
  CLI::App& sub = *app.add_subcommand("validate", "Run the same programs on GPUs and compare with the simulation");
  sub.add_option("FILE", command->file, "Scenario")->required();
  sub.add_option("--gpus", command->gpus, "One rank a GPU, so many of them")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
  sub.add_option("--virtual-ranks", command->virtual_ranks, "So many ranks on one GPU")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20));
  sub.add_option("--sms", command->sms,
                 "SMs of each virtual rank; the others stay idle, so that ranks hardly slow each other (default: an "
                 "equal share of all)")
      ->option_text("N")
      ->check(CLI::Range(1, 1 << 20))
      ->needs("--virtual-ranks");
  sub.add_flag("--stand-in", command->stand_in, "Without hardware: ops take their planned times");
  sub.add_flag("--graph", command->graph, "On GPUs: as a CUDA graph, eagerly where that fails");
  sub.add_flag("--planned-links", command->planned_links,
               "Virtual ranks: transfers take at least their planned time, as if the links were there");
  sub.add_flag("--skip-host-ops", command->skip_host_ops, "On GPUs: leave out the planned time of the CPU");
  sub.add_option("--deadline", command->deadline_s, "On GPUs: seconds to wait for each other and for the GPU")
      ->option_text("S (120)")
      ->check(CLI::Range(1, 86400));
  sub.add_option("--max-error", command->max_error, "Exit with 1 when step or peak memory are further off, as 5%")
      ->option_text("SHARE");
  sub.add_option("--report", command->html,
                 "Write a page about the comparison: both steps above each other, errors by kind of op and rank")
      ->option_text("FILE.html");
  sub.add_option("--prediction", command->prediction_path, "Write the prediction there, before the run")
      ->option_text("FILE");
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json"});
  command->trace.add_to(sub);
  sub.footer(
      "Examples:\n"
      "  orrery validate my.yaml --virtual-ranks 4 --max-error 5%\n"
      "  orrery validate my.yaml --virtual-ranks 4 --report comparison.html\n"
      "  orrery validate my.yaml --stand-in --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
