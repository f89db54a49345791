#pragma once

#include "gui/model/result/result_page.h"
#include "gui/view/theme.h"

class QChart;

namespace orrery::gui {

// More bars than that nobody reads: the first ones are drawn.
inline constexpr std::size_t kMostBars = 32;

// Bars that lie, the first on top, their parts end to end, and the limit as a line.
// `end`: where the axis ends; 0: a little beyond the longest bar. Undressed, without
// a parent.
QChart* stack_chart(const Stack& stack, const Theme& theme, double end = 0);

// As many round numbers along its bottom as a chart of that many pixels has room for.
void fit_ticks(QChart& chart, int width);

}  // namespace orrery::gui
