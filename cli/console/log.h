#pragma once

#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace orrery::cli {

// What is being done and when, for those who want to know: on standard error with -v
// (each part of the work) or -vv (what it took for granted too), and all of it in the
// file of --log-file, with whatever else is said there.
enum class Detail { part, all };

// A log file that cannot be written: exit status 5.
struct LogFileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// -v, --verbose, --log-file; they hold for the whole process.
void add_log_options(CLI::App& app);

void say(Detail detail, const std::string& text);

// A line of standard error that the log is to have as well.
void log_line(const std::string& text);

}  // namespace orrery::cli
