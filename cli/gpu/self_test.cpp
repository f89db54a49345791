#include "validate/self_test.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/gpu/command.h"
#include "cli/messages.h"
#include "validate/backend.h"

namespace orrery::cli::gpu {
namespace {

int run(int gpu) {
  if (validate::Backend::gpus() == 0) return complain("orrery-gpu: there is no GPU here"), kMissing;
  const auto lines = validate::self_test(gpu);
  if (!lines) return report(lines.errors()), kNo;
  int status = kDone;
  for (const validate::SelfTestLine& line : *lines) {
    std::cout << (line.passed ? "ok    " : "FAILS ") << line.what << ": " << line.result << '\n';
    if (!line.passed) status = kNo;
  }
  return status;
}

}  // namespace

void add_self_test(CLI::App& app, int& status) {
  auto gpu = std::make_shared<int>(0);
  CLI::App& sub = *app.add_subcommand("self-test", "Check kernels against double precision, and tell their bandwidth");
  sub.add_option("--gpu", *gpu, "Which GPU")->option_text("N");
  sub.callback([gpu, &status] { status = run(*gpu); });
}

}  // namespace orrery::cli::gpu
