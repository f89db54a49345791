#include "cli/console/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

#include "cli/console/messages.h"

namespace orrery::cli {

Output::Output(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  file_.open(path_, std::ios::binary | std::ios::trunc);
  if (file_) return;
  complain(path_ + ": cannot be written: " + std::strerror(errno));
  ok_ = false;
}

std::ostream& Output::stream() {
  return path_.empty() ? std::cout : file_;
}

bool Output::finish() {
  const bool is_cut = !stream();
  stream().clear();
  errno = 0;
  if (is_cut) stream().put('\n');  // fails as what went before, and says why
  stream().flush();
  if (!is_cut && stream()) return true;
  const std::string why = errno != 0 ? std::string(": ") + std::strerror(errno) : "";
  complain((path_.empty() ? "standard output" : path_) + ": cannot be written" + why);
  return false;
}

report::Style style_for(const std::string& color, const std::string& output_path) {
  if (color == "always") return {true};
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  return {color == "auto" && wanted && output_path.empty() && isatty(STDOUT_FILENO) == 1};
}

std::string with_headings(const std::string& text, const std::string& color, const std::string& output_path) {
  if (!style_for(color, output_path).color) return text;
  std::istringstream lines(text);
  std::string painted;
  bool may_be_heading = false;
  for (std::string line; std::getline(lines, line); painted += '\n') {
    const bool is_heading = may_be_heading && !line.empty() && line.front() != ' ';
    painted += is_heading ? "\033[1m" + line + "\033[0m" : line;
    may_be_heading = line.empty();
  }
  return painted;
}

}  // namespace orrery::cli
