#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::interop {

// The lines of a CSV text as cells. Quoted cells may hold commas, line ends and
// doubled quotes; an open quote ends with the text. Empty lines are passed over.
class CsvLines {
 public:
  explicit CsvLines(std::string_view text) : rest_(text) {}

  std::optional<std::vector<std::string>> next();
  int line() const { return line_; }  // where the last one began, from 1

 private:
  std::string_view rest_;
  int line_ = 0, next_line_ = 1;
};

}  // namespace orrery::interop
