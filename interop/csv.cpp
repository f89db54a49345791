#include "interop/csv.h"

namespace orrery::interop {

std::optional<std::vector<std::string>> CsvLines::next() {
  while (!rest_.empty() && (rest_.front() == '\n' || rest_.front() == '\r')) {
    if (rest_.front() == '\n') ++next_line_;
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) return std::nullopt;
  line_ = next_line_;
  std::vector<std::string> cells(1);
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest_.size() && (quoted || rest_[at] != '\n'); ++at) {
    const char c = rest_[at];
    if (c == '\n') ++next_line_;
    if (c == '"' && quoted && at + 1 < rest_.size() && rest_[at + 1] == '"')
      cells.back() += '"', ++at;
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else if (c != '\r' || quoted)
      cells.back() += c;
  }
  rest_.remove_prefix(at);
  return cells;
}

}  // namespace orrery::interop
