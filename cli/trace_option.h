#pragma once

#include <memory>
#include <string>

#include "cli/pipeline.h"
#include "interop/trace/trace_writer.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// --trace FILE with --ranks, --from and --to.
struct TraceOptions {
  std::string path, ranks, from, to;

  void add_to(CLI::App& app);
  // Null when nobody asked for a trace.
  Result<std::unique_ptr<interop::TraceWriter>> open(const Prepared& prepared) const;
};

}  // namespace orrery::cli
