#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

// Rows of a gzipped CSV of the shared data, cells as text; empty when the file
// is absent. Read through gzip so that the tests need no compression library.
namespace orrery::models {

inline std::vector<std::vector<std::string>> read_table(const std::string& name) {
  const std::string path = std::string(ORRERY_SHARED_DATA) + "/kernels/" + name + ".csv.gz";
  const std::string command = "gzip -dc '" + path + "' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<std::vector<std::string>> rows;
  char line[512];
  while (pipe && std::fgets(line, sizeof line, pipe.get())) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    rows.push_back(std::move(cells));
  }
  return rows;
}

// |predicted / measured - 1| over many rows.
struct Errors {
  std::vector<double> each;
  double predicted = 0, measured = 0;

  void add(double prediction, double measurement) {
    each.push_back(std::abs(prediction / measurement - 1));
    predicted += prediction, measured += measurement;
  }
  double mean() const {
    double sum = 0;
    for (double e : each) sum += e;
    return sum / static_cast<double>(each.size());
  }
  double median() {
    std::nth_element(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(each.size() / 2), each.end());
    return each[each.size() / 2];
  }
};

}  // namespace orrery::models
