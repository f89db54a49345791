#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/result.h"

namespace orrery::interop {

// One line of a table that nccl-tests printed; the out-of-place figures.
struct NcclTestsRow {
  Bytes bytes;
  double microseconds = 0;
  double algbw = 0, busbw = 0;  // 1e9 bytes/s
};

struct NcclTestsLog {
  int ranks = 0;  // of the "Rank" lines; 0 where the log has none
  std::string type, redop;
  std::vector<NcclTestsRow> rows;
};

// A log of nccl-tests or RCCL-tests with whatever else landed in it: host names,
// NCCL's own lines, prefixes of a launcher ("0: …"). A line counts as a row when it
// has the columns that the log's header announced (NVIDIA/nccl-tests common.cu). A
// size of which several rows tell is the mean of their times. No row at all is an error.
Result<NcclTestsLog> parse_nccl_tests(std::string_view text, const std::string& file);
Result<NcclTestsLog> read_nccl_tests(const std::string& path);

}  // namespace orrery::interop
