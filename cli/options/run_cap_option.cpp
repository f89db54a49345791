#include "cli/options/run_cap_option.h"

#include <CLI/CLI.hpp>
#include <chrono>

#include "sim/base/read/quantity.h"

namespace orrery::cli {

void RunCapOption::add_to(CLI::App& command) {
  command
      .add_option("--run-cap", text,
                  "Give up a point whose run takes longer, as 30s; a later run with more time takes it up")
      ->option_text("TIME");
}

Errors RunCapOption::read() {
  if (text.empty()) return {};
  const Result<Duration> cap = parse_duration(text, {"--run-cap"});
  if (!cap) return cap.errors();
  if (*cap < Duration::us(1)) return {{{"--run-cap"}, "a run takes longer than " + text}};
  cap_ = *cap;
  return {};
}

std::unique_ptr<sweep::RunCap> RunCapOption::make() const {
  if (text.empty()) return nullptr;
  return std::make_unique<sweep::RunCap>(std::chrono::nanoseconds(cap_.count_ps() / 1000));
}

}  // namespace orrery::cli
