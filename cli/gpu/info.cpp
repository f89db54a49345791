#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command/command.h"
#include "cli/gpu/command.h"
#include "validate/backend.h"

namespace orrery::cli::gpu {

// One number, for the program that starts us.
void add_info(CLI::App& app, int& status) {
  CLI::App& sub = *app.add_subcommand("info", "Print how many GPUs there are");
  sub.callback([&status] {
    const int gpus = validate::Backend::gpus();
    std::cout << gpus << '\n';
    status = gpus > 0 ? kDone : kMissing;
  });
}

}  // namespace orrery::cli::gpu
