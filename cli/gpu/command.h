#pragma once

#include "validate/processes/place.h"

namespace CLI {
class App;
}

namespace orrery::cli::gpu {

// The commands of orrery-gpu, which is started by `orrery`, or by mpirun, srun or
// torchrun for several processes. Exit statuses are those of cli/command/command.h.
void add_run(CLI::App& app, int& status);
void add_info(CLI::App& app, int& status);
void add_calibrate(CLI::App& app, int& status);
void add_self_test(CLI::App& app, int& status);

// Options that say where a process stands (validate/processes/place.h).
void add_place(CLI::App& sub, validate::PlaceFlags& place);

}  // namespace orrery::cli::gpu
