#pragma once

#include <cstdint>
#include <string>

namespace orrery::bench {

// What events say in "args".
enum class Said {
  nothing,
  step,    // step, micro-batch, chunk, as our exports: many events say the same
  number,  // numbers of their own and their operands' shapes, as PyTorch's
};

// Chrome JSON of so many slices, one a line, on 448 threads of 64 processes. A clock
// that counts from 1970 takes readers a pass of its own to find where the trace begins.
struct TraceText {
  int slices = 1'000'000;
  bool since_1970 = false;
  Said said = Said::step;
};
std::string chrome_json(const TraceText& what);

}  // namespace orrery::bench
