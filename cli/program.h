#pragma once

namespace orrery::cli {

// `orrery` and its commands; the exit status.
int run_program(int argc, char** argv);

}  // namespace orrery::cli
