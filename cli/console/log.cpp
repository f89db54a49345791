#include "cli/console/log.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "cli/console/utc.h"

namespace orrery::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Log {
  std::int64_t verbosity = 0;
  std::ofstream file;
  Clock::time_point begin = Clock::now();
};

Log& the_log() {
  static Log log;
  return log;
}

std::string elapsed() {
  const std::chrono::duration<double> seconds = Clock::now() - the_log().begin;
  char text[32];
  std::snprintf(text, sizeof text, "%9.3f s", seconds.count());
  return text;
}

// Added to, not written over: one file serves the runs of a script.
void open(const std::string& path) {
  Log& log = the_log();
  log.file.open(path, std::ios::binary | std::ios::app);
  if (!log.file) throw LogFileError(path + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

void add_log_options(CLI::App& app) {
  the_log();  // time counts from here
  app.add_flag_function(
      "-v,--verbose", [](std::int64_t times) { the_log().verbosity = times; },
      "Say what is being done and how long it takes; -vv: and what is taken for granted");
  app.add_option_function<std::string>("--log-file", open, "Add all of that to a file, with errors and remarks")
      ->option_text("FILE");
}

void say(Detail detail, const std::string& text) {
  const std::int64_t needed = detail == Detail::part ? 1 : 2;
  if (the_log().verbosity >= needed) std::cerr << "orrery: " << elapsed() << "  " << text << '\n';
  log_line(text);
}

void log_line(const std::string& text) {
  Log& log = the_log();
  if (log.file.is_open()) log.file << now_utc() << ' ' << elapsed() << "  " << text << '\n' << std::flush;
}

}  // namespace orrery::cli
