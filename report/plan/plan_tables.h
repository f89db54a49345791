#pragma once

#include <string>
#include <vector>

#include "report/plan/plan.h"

namespace orrery::report {

// What the text and the page of a plan say alike.

struct PlanTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

// Every size with its fastest layout, and what a training comes to under it; the chosen one is marked.
PlanTable sizes_table(const Plans& plans);
// The fastest layouts of a size, and in what the others lose most. Precondition: there is one.
PlanTable layouts_table(const PlanReport& plan);

// "tp8 pp4 dp16 zero1".
std::string layout_in_words(const Result& result);
// How many layouts there were, and what became of them.
std::string search_in_words(const PlanReport& plan);
// The --set line of layout `i`, and what the file must not have.
std::string settings_text(const PlanReport& plan, std::size_t i);
// "64 to 1,024 h100-sxm-80gb".
std::string cluster_in_words(const std::vector<PlanReport>& sizes);

}  // namespace orrery::report
