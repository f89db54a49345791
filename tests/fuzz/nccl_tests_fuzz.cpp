// The reader of nccl-tests logs on any bytes: it answers in bounded time, and what
// it gives are numbers that a comparison can divide by.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "interop/nccl_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto log = orrery::interop::parse_nccl_tests({reinterpret_cast<const char*>(data), size}, "fuzz.log");
  if (!log) return log.errors().empty() ? std::abort(), 1 : 0;
  std::int64_t last = 0;
  for (const auto& row : log->rows) {
    if (row.bytes.n <= last || !(row.microseconds > 0) || !std::isfinite(row.busbw)) std::abort();
    last = row.bytes.n;
  }
  return 0;
}
