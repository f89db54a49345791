#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/gpu/command.h"
#include "cli/messages.h"
#include "validate/backend.h"

namespace orrery::cli::gpu {

// What `orrery calibrate` goes on as. The probes stand in validate/probe and have not
// been joined to this backend.
void add_calibrate(CLI::App& app, int& status) {
  CLI::App& sub = *app.add_subcommand("calibrate", "Measure GPUs (not supported yet)");
  sub.allow_extras();
  sub.callback([&status] {
    const std::string why =
        validate::Backend::gpus() == 0 ? "there is no GPU here" : "measuring on GPUs is not supported yet";
    complain("calibrate: " + why + "; --kernels and --nccl-log build from measurements");
    status = kMissing;
  });
}

}  // namespace orrery::cli::gpu
