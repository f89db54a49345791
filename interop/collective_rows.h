#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/result.h"
#include "sim/program.h"

namespace orrery::interop {

// A published measurement of one collective. Bytes in the sense of nccl-tests.
struct CollectiveMeasurement {
  std::string source, platform, gpu, dtype, note;
  std::string nccl;       // version, "2.27": the last that the note names; empty where it names none
  std::string algorithm;  // "tree", "ring": what the note says that NCCL was made to run; empty: its own choice
  int nodes = 1, gpus_per_node = 1;
  sim::TransferKind kind = sim::TransferKind::all_reduce;
  Bytes bytes;
  double microseconds = 0;
  double rounding = 0;  // how far off the time may be, as a share, where it was worked out from a bandwidth as printed
};

// CSV with the columns source, platform, gpu, nodes, gpus_per_node, op, dtype, bytes,
// time_us, note and others, in any order. Operations that are no collective of ours
// and rows without a time are left out; a malformed number is an error with its line.
Result<std::vector<CollectiveMeasurement>> parse_collective_rows(std::string_view text, const std::string& file);
Result<std::vector<CollectiveMeasurement>> read_collective_rows(const std::string& path);

}  // namespace orrery::interop
