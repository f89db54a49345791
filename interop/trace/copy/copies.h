#pragma once

#include <memory>

#include "interop/trace/read/trace_visitor.h"
#include "interop/trace/write/output/output_file.h"

namespace orrery::interop {

// A visitor that writes down what it is told.
class TraceCopy : public TraceVisitor {
 public:
  virtual Errors close() = 0;
};

std::unique_ptr<TraceCopy> chrome_copy(std::unique_ptr<OutputFile> file);
std::unique_ptr<TraceCopy> perfetto_copy(std::unique_ptr<OutputFile> file);

}  // namespace orrery::interop
