#pragma once

namespace CLI {
class App;
}

namespace orrery::cli {

// orrery sweep run, or resume.
void add_sweep_run(CLI::App& sweeps, int& status, bool resumes);

}  // namespace orrery::cli
