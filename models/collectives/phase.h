#pragma once

#include "models/collectives/course.h"

namespace orrery::models {

// A course as the network runs it, rounded so that nothing ends early: bytes up, rate
// down. `paths`: flows that share a connection's bytes (Fabric::paths).
sim::Phase phase_of(const Course& course, int paths, bool on_links);

}  // namespace orrery::models
