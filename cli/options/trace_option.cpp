#include "cli/options/trace_option.h"

#include <CLI/CLI.hpp>

#include "interop/trace/scenario_facts.h"
#include "sim/base/read/quantity.h"

namespace orrery::cli {
namespace {

std::optional<Time> moment(const std::string& text, const char* option, Errors& errors) {
  if (text.empty()) return {};
  const auto duration = parse_duration(text, {option, 0, 0});
  if (duration) return Time::at(*duration);
  errors.insert(errors.end(), duration.errors().begin(), duration.errors().end());
  return {};
}

}  // namespace

Result<TraceWindow::Part> TraceWindow::part() const {
  Errors errors;
  Part part{{}, moment(from, "--from", errors), moment(to, "--to", errors)};
  if (!ranks.empty()) {
    auto ranges = interop::parse_rank_ranges(ranks);
    if (ranges)
      part.ranks = std::move(ranges).value();
    else
      errors.insert(errors.end(), ranges.errors().begin(), ranges.errors().end());
  }
  if (!errors.empty()) return errors;
  return part;
}

void TraceOptions::add_to(CLI::App& app) {
  CLI::Option* const trace =
      app.add_option("--trace", path, "Write a trace: .json, .json.gz (Chrome) or .pftrace (Perfetto)")
          ->option_text("FILE");
  app.add_option("--ranks", window.ranks, "Ranks of the trace, as 0-7,64 (default: one of each set of equal ones)")
      ->option_text("LIST");
  app.add_option("--from", window.from, "Trace from this simulated time on")->option_text("TIME");
  app.add_flag("--slack", slack, "In the trace, how much longer each op could last without the step lasting longer")
      ->needs(trace);
  app.add_option("--to", window.to, "Trace up to this simulated time, as 1.5s")->option_text("TIME");
}

Result<std::unique_ptr<interop::TraceWriter>> TraceOptions::open(const Prepared& prepared) const {
  auto part = window.part();
  if (!part) return part.errors();
  interop::TraceContext context;
  context.workload = &prepared.compiled.workload;
  context.folded = prepared.folded ? &*prepared.folded : nullptr;
  context.filter.ranks = std::move(part->ranks);
  context.filter.from = part->from.value_or(Time());
  context.filter.to = part->to.value_or(Time::never());
  context.facts_of = interop::facts_of(prepared.scenario);
  context.slack = slack;
  if (path.empty()) return std::unique_ptr<interop::TraceWriter>();
  return interop::open_trace_writer(path, context);
}

}  // namespace orrery::cli
