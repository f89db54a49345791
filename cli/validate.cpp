#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/trace_option.h"
#include "interop/trace/tee.h"
#include "report/comparison.h"
#include "report/json.h"
#include "report/text.h"
#include "validate/runner.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::cli {
namespace {

constexpr std::uint64_t kMostOps = 50'000'000;  // whose spans are kept, twice

struct ValidateCommand {
  std::string file;
  ScenarioOptions scenario;
  OutputOptions output;
  TraceOptions trace;
  std::string prediction_path, max_error;
  int gpus = 0, virtual_ranks = 0;
  bool stand_in = false;

  int run();
  int compare_on_stand_in(const Prepared& prepared, double largest_error);
  int finish(const report::Validation& validation, double largest_error) const;
  int write_prediction(const report::Result& prediction) const;
};

// "5%" or "0.05" as a share.
std::optional<double> share(const std::string& text) {
  if (text.empty()) return -1;
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  const bool is_percent = used + 1 == text.size() && text.back() == '%';
  if (!(value >= 0) || !(value <= 1e6) || (used != text.size() && !is_percent)) return std::nullopt;
  return is_percent ? value / 100 : value;
}

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

int ValidateCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  const auto largest_error = share(max_error);
  if (!largest_error) return complain("validate: --max-error: '" + max_error + "' is no share, as 5% or 0.05"), kUsage;
  if (gpus > 0 && virtual_ranks > 0) return complain("validate: --gpus and --virtual-ranks exclude each other"), kUsage;
  if (stand_in && gpus > 0) return complain("validate: --stand-in takes no GPUs"), kUsage;

  auto scenario_read = prepare(file, *overrides);
  if (!scenario_read) return report(scenario_read.errors());
  // Ranks are executed one by one, so none stands for another.
  scenario_read->folded.reset();
  if (const int status = refuse_size(scenario_read->workload()); status != kDone) return status;
  if (stand_in) return compare_on_stand_in(*scenario_read, *largest_error);
  complain(
      "validate: this build has no GPU backend (no orrery-gpu beside orrery); --stand-in runs the programs without "
      "hardware");
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

int ValidateCommand::compare_on_stand_in(const Prepared& prepared, double largest_error) {
  const sim::Workload& workload = prepared.workload();
  if (virtual_ranks > 0 && static_cast<std::size_t>(virtual_ranks) != workload.ranks())
    return complain("validate: --virtual-ranks " + std::to_string(virtual_ranks) + ", but the layout of " + file +
                    " has " + std::to_string(workload.ranks()) + " ranks"),
           kInvalid;
  const std::atomic<bool>& stop = stop_on_interrupt();
  sim::Trace predicted, measured;
  const Simulated simulated = simulate(prepared, {&predicted, &stop, {}});
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return complain(file + ": interrupted"), kInterrupted;
  report::Validation validation{
      report::make_result({prepared.scenario, prepared.compiled, simulated.ranks, workload.ranks(), 0}),
      "a stand-in that takes the planned times",
      "links without contention",
      workload.steps,
      {}};
  if (!output.quiet || !prediction_path.empty())
    if (const int status = write_prediction(validation.prediction); status != kDone) return status;

  auto opened = trace.open(prepared);
  if (!opened) return report(opened.errors());
  std::vector<sim::TraceSink*> sinks{&measured};
  if (*opened) sinks.push_back(opened->get());
  interop::TraceTee tee(sinks);
  validate::StandIn device(validate::planned_durations(workload));
  validate::RunnerOptions options;
  options.kernels = prepared.compiled.kernels;
  options.trace = &tee;
  options.stop = &stop;
  const validate::Execution execution = validate::execute(workload, device, device, options);
  if (*opened)
    if (const Errors errors = (*opened)->close(); !errors.empty()) return report(errors);
  if (!execution.faults.empty()) throw InternalError(execution.faults.front().what);
  if (execution.interrupted) return complain(file + ": interrupted"), kInterrupted;
  validation.comparison = validate::compare(workload, prepared.compiled.kernels, predicted.spans(), measured.spans());
  return finish(validation, largest_error);
}

int ValidateCommand::finish(const report::Validation& validation, double largest_error) const {
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::comparison_json(validation)
                                           : report::comparison_report(validation));
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
  sub.add_flag("--stand-in", command->stand_in, "Without hardware: ops take their planned times");
  sub.add_option("--max-error", command->max_error, "Exit with 1 when step or peak memory are further off, as 5%")
      ->option_text("SHARE");
  sub.add_option("--prediction", command->prediction_path, "Write the prediction there, before the run")
      ->option_text("FILE");
  command->scenario.add_to(sub);
  command->output.add_to(sub, {"table", "json"});
  command->trace.add_to(sub);
  sub.footer(
      "Examples:\n"
      "  orrery validate my.yaml --virtual-ranks 4 --max-error 5%\n"
      "  orrery validate my.yaml --stand-in --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
