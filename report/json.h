#pragma once

#include <optional>
#include <string>

#include "report/result.h"

namespace orrery::report {

// The contract's result document (docs/report.md): SI base units, the unit in
// the key. `indent` < 0 puts it on one line, as in jsonl.
std::string to_json(const Result& result, int indent = 2);

// One header and one line a result; columns are the paths of the document's
// scalars ("memory.peak_bytes"), lists left out.
std::string csv_header(const Result& result);
std::string csv_row(const Result& result);

// The number at a path of the result ("memory.peak_bytes"). With a convention of
// flops_conventions, model_tflops_per_gpu and mfu are those of that convention.
// None where there is no such number.
std::optional<double> metric(const Result& result, const std::string& path, const std::string& convention = "");

}  // namespace orrery::report
