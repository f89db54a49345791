#include <chrono>

#include "gui/model/load/open_file.h"
#include "gui/model/load/path_events.h"
#include "gui/model/load/run_roofline.h"
#include "gui/model/load/slack_events.h"
#include "gui/model/load/store_format.h"
#include "gui/model/store/build/trace_builder.h"
#include "interop/trace/scenario_facts.h"
#include "interop/trace/write/output/tee.h"
#include "interop/trace/write/timeline.h"
#include "models/run/run_scenario.h"
#include "report/json.h"
#include "report/result.h"
#include "report/summary.h"
#include "report/text.h"
#include "sweep/space.h"

namespace orrery::gui {
namespace {

// More rows than that nobody reads; the rest is there for the asking.
constexpr std::size_t kMostRanksShown = 64;

// Unasked, one of every set of equal ranks.
std::vector<std::uint32_t> ranks_to_show(const models::Prepared& prepared, const OpenOptions& options) {
  std::vector<std::uint32_t> ranks;
  const std::size_t all = prepared.compiled.workload.ranks();
  for (const interop::RankRange& range : options.ranks)
    for (std::size_t rank = range.first; rank <= range.last && rank < all; ++rank)
      ranks.push_back(static_cast<std::uint32_t>(rank));
  if (ranks.empty() && prepared.folded)
    for (const RankId rank : prepared.folded->representative) ranks.push_back(rank.value);
  if (ranks.empty() || ranks.size() > 4 * kMostRanksShown) {
    const std::size_t most = ranks.empty() ? kMostRanksShown : 4 * kMostRanksShown;
    if (ranks.empty())
      for (std::size_t rank = 0; rank < std::min(all, most); ++rank) ranks.push_back(static_cast<std::uint32_t>(rank));
    ranks.resize(std::min(ranks.size(), most));
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

Opened stopped() {
  Opened opened;
  opened.cancelled = true;
  return opened;
}

// One of the many scenarios that a sweep makes of one.
Result<models::Prepared> prepare_point(const std::string& path, std::uint64_t point) {
  auto root = read_document(path);
  if (!root) return root.errors();
  const auto space = sweep::Space::take_from(*root);
  if (!space) return space.errors();
  if (point >= space->size()) return Error{{path, 0, 0}, "its sweep has no point " + std::to_string(point)};
  auto scenario = models::read_scenario(std::move(*root), path, space->overrides(point));
  if (!scenario) return scenario.errors();
  auto compiled = models::compile_placed(*scenario, path);
  if (!compiled) return compiled.errors();
  return models::prepare(std::move(*scenario), std::move(*compiled));
}

}  // namespace

Result<Opened> open_scenario(const std::string& path, OpenWatch& watch, const OpenOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  watch.progress(0, "compiling");
  const auto prepared =
      options.sweep_point ? prepare_point(path, *options.sweep_point) : models::prepare(path, options.overrides);
  if (!prepared) return prepared.errors();
  if (watch.stop) return stopped();

  TraceBuilder builder([&](const TraceBuilder&, const interop::TraceProgress&) { return !watch.stop; });

  interop::TraceContext context;
  context.workload = &prepared->compiled.workload;
  context.folded = prepared->folded ? &*prepared->folded : nullptr;
  context.facts_of = interop::facts_of(prepared->scenario);
  const std::vector<std::uint32_t> ranks = ranks_to_show(*prepared, options);
  interop::Timeline timeline(context, ranks);
  timeline.write_to(std::make_unique<StoreFormat>(builder, timeline.names(), prepared->compiled.workload));
  sim::Trace trace;
  interop::TraceTee listeners({&timeline, &trace});

  models::SimulateOptions run;
  run.trace = &listeners;
  run.stop = &watch.stop;
  run.progress = [&](double share) { watch.progress(share, "simulating"); };
  const models::Simulated simulated = models::simulate(*prepared, run);
  timeline.close();
  models::throw_if_stuck(simulated);
  if (simulated.classes.interrupted || watch.stop) return stopped();

  watch.progress(1, "sorting");
  Opened opened;
  opened.model = builder.finish();
  if (opened.model == nullptr || watch.stop) return stopped();
  const OpEvents events(*opened.model, prepared->compiled.workload, context.folded);
  opened.critical_path = events_of(events, sim::critical_path(prepared->workload(), trace));
  if (watch.stop) return stopped();
  opened.slack = slack_of(*opened.model, events, prepared->workload(), trace);
  if (watch.stop) return stopped();
  opened.roofline = std::make_shared<const Roofline>(roofline_of(*prepared, trace));
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const report::Result result = report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), wall.count()});
  opened.summary = report::summary(result, {});
  if (auto page = read_result(report::to_json(result), path))
    opened.page = std::make_shared<const ResultPage>(std::move(*page));
  opened.is_scenario = true;
  for (const std::string& warning : prepared->scenario.warnings) opened.remarks.push_back(warning);
  opened.remarks.push_back("shown are " + report::grouped(static_cast<std::int64_t>(ranks.size())) + " of " +
                           report::grouped(static_cast<std::int64_t>(prepared->compiled.workload.ranks())) + " ranks");
  return opened;
}

}  // namespace orrery::gui
