#pragma once

#include <string>

#include "report/plan/plan.h"

namespace orrery::report {

// A plan as one HTML document without anything outside itself: sizes of the cluster against each other, the fastest
// layouts of the chosen one with where their steps go, and what limits the first.
std::string plan_page(const Plans& plans);

}  // namespace orrery::report
