#include "cli/options/threads.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

namespace orrery::cli {

void add_jobs(CLI::App& app, int& jobs) {
  constexpr int kMostThreads = 1024;  // more than machines have cores; systems refuse a process many more
  app.add_option("-j,--jobs", jobs, "Threads (default: one a core)")
      ->option_text("N")
      ->check(CLI::Range(1, kMostThreads));
}

int threads_of(int jobs) {
  return jobs > 0 ? jobs : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace orrery::cli
