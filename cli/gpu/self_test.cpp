#include "validate/self_test.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/gpu/command.h"
#include "validate/backend.h"

namespace orrery::cli::gpu {
namespace {

int run(int gpu, validate::Speeds speeds) {
  if (validate::Backend::gpus() == 0) return complain("orrery-gpu: there is no GPU here"), kMissing;
  const auto lines = validate::self_test(gpu, speeds);
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
  struct Options {
    int gpu = 0;
    bool skip_speeds = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App& sub = *app.add_subcommand("self-test", "Check kernels against double precision, and tell their speed");
  sub.add_option("--gpu", options->gpu, "Which GPU")->option_text("N");
  sub.add_flag("--skip-speeds", options->skip_speeds, "Time nothing: for tools that watch every access");
  sub.callback([options, &status] {
    status = run(options->gpu, options->skip_speeds ? validate::Speeds::skip : validate::Speeds::tell);
  });
}

}  // namespace orrery::cli::gpu
