#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace orrery::cli {

// --jobs N of `app`; 0 in `jobs` stands for one thread a core.
void add_jobs(CLI::App& app, int& jobs);
int threads_of(int jobs);

}  // namespace orrery::cli
