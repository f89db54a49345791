#include "models/compile/compile.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

#include "models/collectives/planner.h"
#include "models/compile/calibration_of.h"
#include "models/compile/calibration_use.h"
#include "models/compile/known/known_stages.h"
#include "models/compile/links.h"
#include "models/compile/pieces/piece_template.h"
#include "models/compile/pipeline/schedule_of.h"
#include "models/compile/rank_kinds.h"
#include "models/compile/roles.h"
#include "models/compile/stage/stage_program.h"
#include "models/compile/workbench.h"
#include "models/compute/cost_model.h"

namespace orrery::models {
namespace {

std::vector<sim::CategoryInfo> categories() {
  return {{"compute", false}, {"recompute", false}, {"tp", false},      {"cp", false},   {"ep", false},   {"pp", true},
          {"dp", false},      {"optimizer", false}, {"offload", false}, {"host", false}, {"other", false}};
}

std::vector<std::string> causes() {
  return {"parameters", "gradients", "optimizer", "activations", "buffers"};
}

// What a running NCCL kernel takes from the kernels beside it: its channels hold
// as many SMs, and its bytes pass through device memory, read and written on both sides.
auto claim_on(int channels, const topology::GpuSpec& gpu, BytesPerSecond link) {
  decltype(sim::Claim::slowdown_permille) nccl{};
  if (gpu.sms > 2 * channels)
    nccl[static_cast<int>(sim::KernelClass::compute_bound)] =
        static_cast<std::uint32_t>(1000 * channels / (gpu.sms - channels));
  if (gpu.memory_bandwidth.n > 0) {
    const double share = 4.0 * static_cast<double>(link.n) / static_cast<double>(gpu.memory_bandwidth.n);
    nccl[static_cast<int>(sim::KernelClass::memory_bound)] =
        static_cast<std::uint32_t>(std::llround(1000 * std::min(share, 1.0)));
  }
  return nccl;
}

// A claim is of a transfer, whose ranks may be of several kinds: as the one feels it that
// it takes most from. Where a calibration has measured it, that counts, however many channels there are.
sim::Claim claim_of(int channels, const topology::ClusterSpec& cluster, const Calibration* calibration) {
  sim::Claim nccl{"nccl x " + std::to_string(channels), claim_on(channels, cluster.gpu, cluster.fabric.link)};
  for (const topology::NodeGroup& group : cluster.groups) {
    const auto here = claim_on(channels, group.gpu, group.link);
    for (std::size_t i = 0; i < here.size(); ++i)
      nccl.slowdown_permille[i] = std::max(nccl.slowdown_permille[i], here[i]);
  }
  const auto take = [&](const char* name, sim::KernelClass kernels) {
    if (calibration == nullptr) return;
    if (const auto at = calibration->interference.find(name); at != calibration->interference.end())
      nccl.slowdown_permille[static_cast<int>(kernels)] =
          static_cast<std::uint32_t>(std::llround(1000 * at->second.value));
  };
  take("compute_bound_by_collective", sim::KernelClass::compute_bound);
  take("memory_bound_by_collective", sim::KernelClass::memory_bound);
  return nccl;
}

// A claim's index is the number of channels (planner.h).
std::vector<sim::Claim> claims(const topology::ClusterSpec& cluster, const Calibration* calibration) {
  std::vector<sim::Claim> all = {{"none", {}}};
  for (int channels = 1; channels <= kMostChannels; ++channels) all.push_back(claim_of(channels, cluster, calibration));
  return all;
}

// What the stages of a scenario have in common while their programs are written.
struct Tables {
  KernelTable& kernels;
  TensorTable tensors = {};
  KnownLayers layers = {};
  KnownPasses passes = {};
};

// As it is known of a scenario before, if it is.
StageProgram stage_program(const Scenario& s, const Schedule& schedule, const RankKind& kind, Tables& tables, Form form,
                           KnownStages::Setting* known) {
  StageContext context(s, schedule, kind, tables.kernels, tables.tensors, tables.layers, form);
  Chunks chunks = make_chunks(context);
  if (known != nullptr)
    if (std::optional<StageProgram> stage = known->find(context, chunks)) return std::move(*stage);
  StageProgram stage = write_stage(context, chunks, tables.passes);
  if (known != nullptr) known->keep(context, std::move(chunks), stage);
  return stage;
}

// One program a stage, and one more for every other kind of rank on it.
void add_programs(const Scenario& s, const Layout& layout, const std::vector<Coordinate>& places, Tables& tables,
                  Form form, KnownStages& stages, Compiled& out) {
  std::optional<Schedule> repeats;
  if (!flushes(out.schedule)) repeats = repeating_stretch(out.schedule);
  const Schedule& schedule = repeats ? *repeats : out.schedule;

  KnownStages::Setting* const known = stages.of(s, schedule, form);
  std::map<RankKind, ProgramId> program;
  auto recent = program.end();  // neighbours are mostly of one kind
  const auto program_for = [&](const RankKind& kind) {
    if (recent != program.end() && recent->first == kind) return recent->second;
    const auto [at, is_new] = program.try_emplace(kind);
    recent = at;
    if (is_new) {
      StageProgram stage = stage_program(s, schedule, kind, tables, form, known);
      at->second = out.workload.programs.add(std::move(stage.program));
      out.held_by_program.push_back(std::move(stage.held));
      out.stage_of_program.push_back(kind.stage);
      out.node_of_program.push_back(kind.node);
      out.slowdown_of_program.push_back(kind.slowdown);
    }
    return at->second;
  };
  for (int stage = 0; stage < s.layout.pp; ++stage)
    program_for({stage, 1.0, 0, 0, s.cluster.kind_of(layout.rank({0, 0, 0, stage}))});
  IdVector<RankId, ProgramId>& program_of = out.workload.program_of;
  program_of.reserve(static_cast<std::size_t>(layout.ranks()));
  if (are_stages(s)) {
    for (const Coordinate& place : places) program_of.add(ProgramId{static_cast<std::uint32_t>(place.pp)});
  } else {
    for (const RankKind& kind : rank_kinds(s, layout, places)) program_of.add(program_for(kind));
  }
}

// The last one is measured: the first pays for what comes from the step before. A stream
// without an end is first in its rhythm when a few micro-batches have gone through all stages.
int steps_of(const Scenario& scenario, const Schedule& schedule) {
  if (scenario.simulation.steps > 0) return scenario.simulation.steps;
  constexpr int kFew = 4;
  const int m = schedule.request.micro_batches;
  return flushes(schedule) ? 2 : 2 + (kFew * static_cast<int>(schedule.order.size()) + m - 1) / m;
}

}  // namespace

Result<Compiled> compile(const Scenario& scenario, std::shared_ptr<const topology::Fabric> fabric, Form form) {
  const Result<std::optional<Calibration>> calibration = calibration_of(scenario);
  if (!calibration.ok()) return calibration.errors();
  return compile(scenario, *calibration ? &**calibration : nullptr, {}, std::move(fabric), form);
}

Result<Compiled> compile(const Scenario& scenario, const Calibration* calibration, const Drawing& drawing,
                         std::shared_ptr<const topology::Fabric> fabric, Form form, Workbench* bench) {
  Workbench own_bench;
  if (bench == nullptr) bench = &own_bench;
  if (!scenario.jobs.empty())
    return Error{scenario.at("jobs"),
                 "'jobs': this command looks at one scenario alone; orrery run, explain, memory and sweep know several",
                 Fault::unsupported};
  if (!fabric) {
    auto own = bench->fabric(scenario.cluster);
    if (!own) return own.errors();
    fabric = std::move(*own);
  }
  const std::deque<CostModel> costs = cost_models(scenario.cluster, scenario.software, calibration, drawing);
  MeasuredTransfers transfers;
  if (calibration != nullptr) transfers = MeasuredTransfers(*calibration, drawing);
  KernelTable kernels(costs);
  Result<Schedule> schedule = schedule_of(scenario, kernels, bench->schedule());
  if (!schedule.ok()) return schedule.errors();

  Compiled out;
  out.fabric = std::move(fabric);
  out.schedule = std::move(schedule).value();

  const Layout layout(scenario.layout);
  Tables tables{kernels};
  const bool bidirectional = out.schedule.placement == Placement::bidirectional;
  const RoleTables& roles = bench->roles(role_needs(scenario, bidirectional));
  add_programs(scenario, layout, roles.places, tables, form, bench->stages(), out);
  out.kernels = std::move(kernels).take();
  out.tensors = std::move(tables.tensors).take();
  out.replays = bench->replays();

  sim::Workload& workload = out.workload;
  add_roles(roles, workload);
  add_links(bench->links(out.fabric), workload);
  workload.categories = categories();
  workload.causes = causes();
  workload.claims = claims(scenario.cluster, calibration);
  if (calibration != nullptr) out.calibration = use_of(*calibration, costs.front(), transfers, out);
  Forced forced;
  forced.exchanges_aside = scenario.software.exchange_sms > 0;
  workload.planner = make_planner(
      bench->planners({out.fabric, scenario.simulation.network, scenario.collectives, forced}), std::move(transfers));
  workload.jitter = {scenario.simulation.jitter_compute, scenario.simulation.seed};
  workload.steps = steps_of(scenario, out.schedule);
  return out;
}

}  // namespace orrery::models
