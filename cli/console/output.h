#pragma once

#include <fstream>
#include <optional>
#include <ostream>
#include <string>

#include "report/summary.h"

namespace orrery::cli {

// Where results go: standard output, or the file of --output.
class Output {
 public:
  explicit Output(const std::string& path);

  bool ok() const { return ok_; }
  std::ostream& stream();
  // Everything written and accepted? Complains when not (a full disk, a closed pipe).
  bool finish();

 private:
  std::string path_;
  std::ofstream file_;
  bool ok_ = true;
};

// --color auto|always|never; auto asks the terminal and NO_COLOR.
report::Style style_for(const std::string& color, const std::string& output_path);

// A text for people with its headings in bold, where colours are wanted: lines that follow
// an empty one and begin in the first column.
std::string with_headings(const std::string& text, const std::string& color, const std::string& output_path);

}  // namespace orrery::cli
