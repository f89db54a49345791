#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "cli/work/pipeline.h"
#include "report/result.h"

namespace orrery::cli {

// What step time to expect when every time that is known within an interval is
// drawn from it: the scenario is compiled and run again `draws` times. None when stopped.
Result<std::optional<report::StepInterval>> step_interval(const models::Scenario& scenario, int draws,
                                                          const std::atomic<bool>* stop,
                                                          const std::function<void(double)>& progress);

// The same of each job on a fabric with others (`jobs`), the scenario first: all of them run together, `draws` times.
Result<std::optional<std::vector<report::JobInterval>>> job_intervals(const models::Scenario& scenario, int draws,
                                                                      const std::atomic<bool>* stop,
                                                                      const std::function<void(double)>& progress);

}  // namespace orrery::cli
