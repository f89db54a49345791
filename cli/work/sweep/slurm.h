#pragma once

namespace CLI {
class App;
}

namespace orrery::cli {

// orrery sweep submit.
void add_sweep_submit(CLI::App& sweeps, int& status);

}  // namespace orrery::cli
