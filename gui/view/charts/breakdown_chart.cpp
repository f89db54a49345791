#include "gui/view/charts/breakdown_chart.h"

#include <QChart>
#include <QChartView>
#include <map>
#include <set>

#include "gui/model/ask/work/area.h"
#include "gui/view/charts/kit/stack_chart.h"

namespace orrery::gui {
namespace {

// Transfers beside kernels would count the same time twice: of our traces the compute
// stream tells it all. Profilers have none of that name.
std::vector<std::uint32_t> tracks_that_count(const TraceModel& model, std::uint32_t process) {
  std::vector<std::uint32_t> all, compute;
  const auto [begin, end] = model.tracks_of(process);
  for (std::uint32_t i = begin; i < end; ++i) {
    all.push_back(i);
    if (model.tracks()[i].name == "compute") compute.push_back(i);
  }
  return compute.empty() ? all : compute;
}

// An axis has no two of one name: what a profiler calls by one, the host and each GPU, is told
// apart by its labels, or else by its number.
std::vector<std::string> names_apart(const TraceModel& model) {
  std::vector<std::string> names;
  std::map<std::string, int> times;
  for (const Process& process : model.processes()) ++times[process.name];
  std::set<std::string> taken;
  for (const Process& process : model.processes()) {
    std::string name = process.name;
    if (times[process.name] > 1 && !process.labels.empty()) name += " " + process.labels;
    if (!taken.insert(name).second) taken.insert(name += " #" + std::to_string(names.size()));
    names.push_back(std::move(name));
  }
  return names;
}

Stack time_by_class(const TraceModel& model, TimeRange range, const GoOn& go_on) {
  Stack stack;
  for (std::size_t c = 0; c < kEventClasses; ++c) {
    const auto is = static_cast<EventClass>(c);
    stack.parts.push_back({std::string(to_string(is)), is});
  }
  const std::vector<std::string> names = names_apart(model);
  for (std::uint32_t p = 0; p < model.processes().size() && stack.bars.size() < kMostBars; ++p) {
    const std::vector<std::uint32_t> tracks = tracks_that_count(model, p);
    if (tracks.empty()) continue;
    const AreaTotals totals = totals_of(model, tracks, range, go_on);
    Stack::Bar bar{names[p], {}};
    for (const Ns time : totals.by_class) bar.values.push_back(static_cast<double>(time) * 1e-9);
    // Those only name what the other parts are.
    bar.values[static_cast<std::size_t>(index_of(EventClass::annotation))] = 0;
    const bool is_empty = std::all_of(bar.values.begin(), bar.values.end(), [](double value) { return value == 0; });
    if (!is_empty) stack.bars.push_back(std::move(bar));
  }
  return stack;
}

}  // namespace

BreakdownChart::BreakdownChart(TimelineState& state, QWidget* parent)
    : ChartPanel(state, tr("Time by class for every rank; the same numbers are under Totals"), parent) {
  connect(&state_, &TimelineState::area_changed, this, [this] { refill_soon(); });
}

BreakdownChart::Question BreakdownChart::question() {
  const TimeRange range = state_.area() ? state_.area()->range : state_.scene().viewport.view();
  return [this, range, model = state_.scene().model](const GoOn& go_on) -> Draw {
    return [this, range, stack = time_by_class(*model, range, go_on)] {
      QChart* chart = stack_chart(stack, *state_.scene().theme, static_cast<double>(range.length()) * 1e-9);
      fit_ticks(*chart, view_->width());
      return chart;
    };
  };
}

}  // namespace orrery::gui
