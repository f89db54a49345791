#pragma once

#include <memory>

#include "sweep/crew/crew.h"

namespace orrery::cli {

// The crew that this process is of, if it was started as orrery-mpi; else null.
sweep::Crew* the_crew();
void join_crew(std::unique_ptr<sweep::Crew> crew);

}  // namespace orrery::cli
