// orrery-gpu: the part of Orrery that is linked with CUDA, cuBLASLt and NCCL.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/gpu/command.h"

int main(int argc, char** argv) {
  using namespace orrery;
  // Streams of virtual ranks share hardware queues; more of them means fewer false
  // dependencies. Read when CUDA starts.
  ::setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0);
  // Connections at the beginning, not when a size first asks for another algorithm: a
  // host that waits for its peer in the middle of a step could wait in a ring.
  ::setenv("NCCL_RUNTIME_CONNECT", "0", 0);
  CLI::App app("Runs compiled programs on GPUs; started by orrery validate", "orrery-gpu");
  app.require_subcommand(1);
  int status = cli::kDone;
  cli::gpu::add_run(app, status);
  cli::gpu::add_info(app, status);
  cli::gpu::add_calibrate(app, status);
  cli::gpu::add_self_test(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? cli::kDone : cli::kUsage;
  } catch (const std::exception& error) {
    cli::complain(std::string("orrery-gpu: ") + error.what());
    return cli::kInternal;
  }
  return status;
}
