#include "models/scenario/files/table_lines.h"

#include <sstream>

namespace orrery::models {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::vector<TableLine> table_lines(std::istream& file, const std::string& path) {
  std::vector<TableLine> lines;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (trimmed(text).empty() || trimmed(text).front() == '#') continue;
    TableLine line;
    line.where.file = path;
    line.where.line = number;
    line.where.column = 1;
    std::istringstream cells(text);
    for (std::string cell; std::getline(cells, cell, ',');) line.cells.push_back(trimmed(cell));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace orrery::models
