#pragma once

#include <string>

#include "report/result.h"

namespace orrery::report {

// Jobs on one fabric: a row each, amid the others and alone, and within what those lie where it was asked.
std::string jobs_table(const Result& result);

// "jobs" of a result's document, as JSON.
std::string jobs_json(const Result& result);

// "nodes 6-11"
std::string nodes_text(int first, int nodes);
std::string nodes_of(const models::JobTimes& job);

}  // namespace orrery::report
