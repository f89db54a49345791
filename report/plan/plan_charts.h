#pragma once

#include <string>

#include "report/plan/plan.h"

namespace orrery::report {

// Drawings of a plan, each an SVG; colours come from the page's style sheet, by class.

// Every size as a dot: what a training costs (GPU-hours where no price is known; of no training, GPU-seconds a step) to
// the right, how long it takes upwards, and the budget as lines. Empty for one size.
std::string sizes_chart(const Plans& plans);

// The layouts of a size, the fastest on top: where their steps go.
std::string layouts_chart(const PlanReport& plan);

// What more of a thing saves of the step, the most on top.
std::string limits_chart(const PlanLimits& limits, const Result& fastest);

}  // namespace orrery::report
