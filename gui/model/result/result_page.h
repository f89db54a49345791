#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gui/model/store/event_class.h"
#include "sim/base/result.h"

namespace orrery::gui {

enum class Unit : std::uint8_t { seconds, bytes, share, flops_per_s, count };

// "15.74 s", "50.92 GiB", "47.3 %".
std::string quantity(double value, Unit unit);

// What people look at first, and what two results differ in.
struct Figure {
  std::string label;
  double value = 0;
  Unit unit = Unit::count;
  bool less_is_better = false;
  std::string remark;  // below the number: "of 989.0 TFLOP/s"
};

// Parts that add up, as bars.
struct Stack {
  struct Part {
    std::string name;
    std::optional<EventClass> is;  // whose colour it has
  };
  struct Bar {
    std::string name;
    std::vector<double> values;  // of `parts`
  };

  std::string title;
  Unit unit = Unit::seconds;
  std::vector<Part> parts;
  std::vector<Bar> bars;
  std::optional<double> limit;  // what no bar should reach over
  std::string limit_name;

  bool empty() const { return bars.empty(); }
};

// As people read it: the first column is a name, the others are numbers.
struct ResultTable {
  std::string title;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

// What a window shows of a result of `orrery run`, `validate` or `memory`.
struct ResultPage {
  std::string title, subtitle;
  std::vector<Figure> figures;
  std::vector<std::string> warnings;
  Stack time, memory;
  std::vector<ResultTable> tables;
};

// The parts of a document that are there and of the right kind; what is missing is
// left out. A document that is none of those is an error, and so is a schema_version
// that this program does not know.
Result<ResultPage> read_result(const std::string& json, const std::string& file);

// Whether a file is a JSON document that says its schema_version before anything
// that only a trace has. Reads no further than it must.
bool is_result_file(const std::string& path);

}  // namespace orrery::gui
