#include "gui/view/charts/breakdown_chart.h"

#include <QChart>
#include <QChartView>

#include "gui/model/ask/work/area.h"
#include "gui/view/charts/stack_chart.h"

namespace orrery::gui {
namespace {

// Transfers beside kernels would count the same time twice: of our traces the compute
// stream tells it all.
std::vector<std::uint32_t> tracks_that_count(const TraceModel& model, std::uint32_t process) {
  std::vector<std::uint32_t> tracks;
  const bool ours = model.processes()[process].rank.has_value();
  const auto [begin, end] = model.tracks_of(process);
  for (std::uint32_t i = begin; i < end; ++i)
    if (!ours || model.tracks()[i].name == "compute") tracks.push_back(i);
  return tracks;
}

Stack time_by_class(const TraceModel& model, TimeRange range, const GoOn& go_on) {
  Stack stack;
  for (std::size_t c = 0; c < kEventClasses; ++c) {
    const auto is = static_cast<EventClass>(c);
    stack.parts.push_back({std::string(to_string(is)), is});
  }
  for (std::uint32_t p = 0; p < model.processes().size() && stack.bars.size() < kMostBars; ++p) {
    const std::vector<std::uint32_t> tracks = tracks_that_count(model, p);
    if (tracks.empty()) continue;
    const AreaTotals totals = totals_of(model, tracks, range, go_on);
    Stack::Bar bar{model.processes()[p].name, {}};
    for (const Ns time : totals.by_class) bar.values.push_back(static_cast<double>(time) * 1e-9);
    stack.bars.push_back(std::move(bar));
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
