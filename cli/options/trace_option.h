#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/work/pipeline.h"
#include "interop/trace/write/trace_writer.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// --ranks, --from and --to: which part of a trace.
struct TraceWindow {
  std::string ranks, from, to;

  struct Part {
    std::vector<interop::RankRange> ranks;
    std::optional<Time> from, to;  // where they were given
  };
  Result<Part> part() const;
};

// --trace FILE with a window.
struct TraceOptions {
  std::string path;
  TraceWindow window;
  bool slack = false;

  void add_to(CLI::App& app);
  // Null when nobody asked for a trace.
  Result<std::unique_ptr<interop::TraceWriter>> open(const Prepared& prepared) const;
};

}  // namespace orrery::cli
