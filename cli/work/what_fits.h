#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "cli/work/pipeline.h"
#include "report/memory/memory_report.h"

namespace orrery::cli {

// The scenario again with one key changed at a time: what else to recompute, shard,
// offload or split, and what each costs. Changes that the reader refuses are left
// out, and those that need no less than `needed_now`. Those that fit come first, the
// fastest of them at the top.
std::vector<report::Remedy> what_fits(const std::string& file, const std::vector<models::Override>& overrides,
                                      const models::Scenario& scenario, Bytes needed_now,
                                      const std::atomic<bool>* stop);

}  // namespace orrery::cli
