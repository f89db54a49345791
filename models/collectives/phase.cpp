#include "models/collectives/phase.h"

#include <algorithm>
#include <cmath>

namespace orrery::models {

sim::Phase phase_of(const Course& course, int paths, bool on_links) {
  constexpr double kMicro = 1e-6;
  sim::Phase phase;
  phase.latency = Duration::from_seconds(course.startup * kMicro);
  if (course.seconds <= 0) return phase;
  const double bytes = std::max(1.0, std::ceil(course.bytes / paths));
  phase.bytes = {static_cast<std::int64_t>(bytes)};
  const double rate = std::min(bytes / course.seconds, course.links->rate(1, 1) / paths);
  phase.max_rate = {std::max<std::int64_t>(1, static_cast<std::int64_t>(rate))};
  if (on_links && !course.links->uses->empty()) phase.uses = course.links->uses;
  return phase;
}

}  // namespace orrery::models
