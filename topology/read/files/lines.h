#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::topology {

// A line of a text, without its end, with its number.
struct Line {
  std::string_view text;
  int number = 0;

  // The place of a part of `text`.
  Where at(const std::string& file, std::string_view part) const {
    return {file, number, static_cast<int>(part.data() - text.data()) + 1};
  }
};

inline std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back({line, number});
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Parts between blanks (and tabs).
inline std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBlank = " \t";
  for (std::size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBlank, end);
  }
  return words;
}

}  // namespace orrery::topology
