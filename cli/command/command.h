#pragma once

namespace CLI {
class App;
}

namespace orrery::cli {

// Exit statuses, as the contract has them (docs/scenario.md).
enum Exit : int {
  kDone = 0,
  kNo = 1,  // done, and the answer is no
  kUsage = 2,
  kInvalid = 3,
  kInfeasible = 4,
  kInputOutput = 5,
  kInternal = 6,
  kMissing = 7,  // the machine lacks something
  kInterrupted = 130,
};

// Each adds its command to `app`; when the command line names it, it runs and
// leaves its exit status in `status`.
void add_run(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_memory(CLI::App& app, int& status);
void add_schedule(CLI::App& app, int& status);
void add_reproduce(CLI::App& app, int& status);
void add_collective(CLI::App& app, int& status);
void add_topo(CLI::App& app, int& status);
void add_calibrate(CLI::App& app, int& status);
void add_validate(CLI::App& app, int& status);
void add_import(CLI::App& app, int& status);
void add_sweep(CLI::App& app, int& status);
void add_plan(CLI::App& app, int& status);
void add_trace(CLI::App& app, int& status);
void add_compare(CLI::App& app, int& status);
void add_completion(CLI::App& app, int& status);

}  // namespace orrery::cli
