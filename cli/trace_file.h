#pragma once

#include <memory>
#include <string>

#include "cli/pipeline.h"
#include "sim/trace.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// --trace FILE with --ranks and --from/--to.
struct TraceOptions {
  std::string path, ranks, from, to;
  void add_to(CLI::App& app);
};

// A trace on its way into a file, or none when nobody asked for one.
class TraceFile {
 public:
  virtual ~TraceFile() = default;
  virtual sim::TraceSink* sink() = 0;
  virtual Errors close() = 0;
};

// The folded ranks are written under the names of the ranks they stand for.
Result<std::unique_ptr<TraceFile>> open_trace(const TraceOptions& options, const Prepared& prepared);

}  // namespace orrery::cli
