#include "models/run/run_scenario.h"

#include "models/compile/calibration_of.h"
#include "models/compile/workbench.h"
#include "sim/check/check.h"
#include "sim/engine/engine.h"

namespace orrery::models {
namespace {

std::string joined(const Errors& errors) {
  std::string text;
  for (const Error& error : errors) text += (text.empty() ? "" : "\n") + to_string(error);
  return text;
}

// Classes are checked in place of ranks, but people know ranks, so faults are told of those.
Errors faults_of(const Prepared& prepared, sim::FoldMemory* memory) {
  const sim::Workload& full = prepared.compiled.workload;
  if (!prepared.folded) return sim::check_before_run(full);
  Errors of_classes = sim::check_before_run(*prepared.folded, full, memory);
  if (of_classes.empty()) return of_classes;
  Errors of_ranks = sim::check_before_run(full);
  return of_ranks.empty() ? of_classes : of_ranks;
}

std::string describe(const sim::Workload& workload) {
  std::size_t ops = 0;
  for (const sim::Program& program : workload.programs) ops += program.op_count();
  return "compiled " + std::to_string(workload.programs.size()) + " programs of " + std::to_string(ops) +
         " ops together, for " + std::to_string(workload.ranks()) + " ranks over " +
         std::to_string(workload.links.size()) + " links";
}

std::string describe(const sim::Folded& folded, const sim::Workload& full) {
  return "folded " + std::to_string(full.ranks()) + " ranks to " + std::to_string(folded.workload.ranks()) + " and " +
         std::to_string(full.links.size()) + " links to " + std::to_string(folded.workload.links.size());
}

// Noise makes every rank its own, whatever the scenario says about folding.
bool may_fold(const SimulationSpec& simulation) {
  return simulation.fold && simulation.jitter_compute == 0;
}

}  // namespace

Prepared prepare(Scenario scenario, Compiled compiled, const Tell& tell, Workbench* bench) {
  Prepared prepared{std::move(scenario), std::move(compiled), std::nullopt};
  const SimulationSpec& simulation = prepared.scenario.simulation;
  sim::FoldMemory* const memory = bench == nullptr ? nullptr : &bench->folds();
  if (may_fold(simulation)) {
    prepared.folded = sim::fold(prepared.compiled.workload, memory);
    if (tell) tell(describe(*prepared.folded, prepared.compiled.workload));
  } else if (simulation.fold) {
    prepared.scenario.warnings.emplace_back("simulation.jitter makes every rank its own: folding is off");
  }
  if (const Errors errors = faults_of(prepared, memory); !errors.empty())
    throw InternalError("the compiled programs cannot run:\n" + joined(errors));
  if (tell) tell("checked who meets whom");
  return prepared;
}

Result<Compiled> compile_placed(const Scenario& scenario, const std::string& file,
                                std::shared_ptr<const topology::Fabric> fabric, const Drawing& drawing, Form form,
                                Workbench* bench) {
  if (scenario.places.contains("sweep"))
    return Error{scenario.at("sweep"), "this scenario is many: run it with orrery sweep run " + file};
  const auto calibration = calibration_of(scenario);
  if (!calibration) return calibration.errors();
  auto compiled = compile(scenario, *calibration ? &**calibration : nullptr, drawing, std::move(fabric), form, bench);
  if (compiled) return compiled;
  Errors errors = std::move(compiled).errors();
  for (Error& error : errors)
    if (error.where.file.empty()) error.where.file = file;
  return errors;
}

Result<Prepared> prepare(const std::string& file, const std::vector<Override>& overrides, const Tell& tell) {
  auto scenario = read_scenario(file, overrides);
  if (!scenario) return std::move(scenario).errors();
  return prepare(std::move(scenario).value(), tell);
}

Result<Prepared> prepare(Scenario scenario, const Tell& tell, Form form) {
  if (tell) tell("read " + scenario.file + ": " + std::to_string(scenario.layout.gpus()) + " GPUs");
  auto compiled = compile_placed(scenario, scenario.file, nullptr, {}, form);
  if (!compiled) return std::move(compiled).errors();
  if (tell) tell(describe(compiled->workload));
  return prepare(std::move(scenario), std::move(compiled).value(), tell);
}

Simulated simulate(const Prepared& prepared, const SimulateOptions& options) {
  sim::RunOptions run_options;
  run_options.trace = options.trace;
  run_options.stop = options.stop;
  run_options.progress = options.progress;
  run_options.leaps = options.bench == nullptr ? nullptr : &options.bench->leaps();

  Simulated simulated;
  simulated.classes = sim::run(prepared.workload(), run_options);
  if (simulated.classes.stuck || simulated.classes.interrupted) return simulated;
  simulated.ranks = prepared.folded ? sim::unfold(*prepared.folded, prepared.compiled.workload, simulated.classes)
                                    : simulated.classes;
  return simulated;
}

std::vector<RankId> one_rank_a_stage(const Prepared& prepared) {
  std::vector<RankId> ranks(static_cast<std::size_t>(prepared.scenario.layout.pp), RankId::none());
  const sim::Workload& workload = prepared.workload();
  for (std::uint32_t i = 0; i < workload.ranks(); ++i) {
    if (!prepared.is_own({i})) continue;
    const auto stage =
        static_cast<std::size_t>(prepared.compiled.stage_of_program[workload.program_of[RankId{i}].value]);
    if (ranks[stage].is_none()) ranks[stage] = RankId{i};
  }
  return ranks;
}

void throw_if_stuck(const Simulated& simulated) {
  if (simulated.classes.stuck) throw InternalError("the run cannot go on: " + to_string(*simulated.classes.stuck));
}

}  // namespace orrery::models
