#include "interop/trace/copy/copy_trace.h"

#include <filesystem>

#include "interop/trace/copy/copies.h"
#include "interop/trace/copy/only_used.h"
#include "interop/trace/read/byte_source.h"

namespace orrery::interop {

Result<TraceSummary> copy_trace(const std::string& in, const std::string& out, const TraceReadOptions& options,
                                const std::function<bool(const TraceProgress&)>& keep_going) {
  const bool perfetto = out.ends_with(".pftrace");
  if (!perfetto && !out.ends_with(".json") && !out.ends_with(".json.gz"))
    return Error{{out, 0, 0}, "a trace is written as .json, .json.gz (Chrome) or .pftrace (Perfetto)"};
  std::error_code fault;
  if (std::filesystem::equivalent(in, out, fault))
    return Error{{out, 0, 0}, "the trace would be written over while it is read"};
  if (const auto readable = open_bytes(in); !readable) return readable.errors();
  auto file = OutputFile::open(out);
  if (!file) return file.errors();
  const auto copy = perfetto ? perfetto_copy(std::move(*file)) : chrome_copy(std::move(*file));
  OnlyUsed used(*copy, keep_going);
  auto summary = read_trace(in, used, options);
  Errors errors = copy->close();
  if (!summary) return summary.errors();
  if (!errors.empty()) return errors;
  return summary;
}

}  // namespace orrery::interop
