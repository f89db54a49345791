#pragma once

#include <istream>
#include <string>
#include <vector>

#include "sim/base/result.h"

namespace orrery::models {

// One line of a table that a person wrote as comma-separated values, its cells
// without the blanks around them. Empty lines and those that begin with # are left out.
struct TableLine {
  std::vector<std::string> cells;
  Where where;
};
std::vector<TableLine> table_lines(std::istream& file, const std::string& path);

}  // namespace orrery::models
