#pragma once

#include "gui/view/theme.h"

class QChart;
class QChartView;

namespace orrery::gui {

// Charts are drawn in the theme's colours and letters.
void dress(QChart& chart, const Theme& theme);
void dress(QChartView& view, const Theme& theme);

}  // namespace orrery::gui
