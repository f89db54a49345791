#pragma once

#include <string>

#include "sweep/point.h"

namespace orrery::report {

// Where the step of a sweep's point goes, on its page. Each part has a colour and a hatching
// of its own, so that neither is needed to tell it from its neighbours.

// The style sheet and the hatchings that the bars use, once a page; with them the script that
// draws the large bar and its figures below a row that is opened.
std::string breakdown_styles();
std::string breakdown_script();

// A table cell: a stacked bar that says in words what it shows, and opens.
std::string breakdown_cell(const sweep::Outcome& outcome);

}  // namespace orrery::report
