#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "interop/trace/read/trace_visitor.h"

namespace orrery::interop {

// Arguments that outlive the event they stood in. Used again and again, so that
// texts stay allocated. Moved and not copied: what is stored points into it.
class StoredArguments {
 public:
  StoredArguments() = default;
  StoredArguments(StoredArguments&&) = default;
  StoredArguments& operator=(StoredArguments&&) = default;

  // How many bytes more this takes now.
  std::size_t store(TraceArguments arguments);
  // What is stored, until the next is.
  TraceArguments view() const { return {stored_, version_}; }

 private:
  std::string_view keep(std::string_view text);

  std::vector<TraceArgument> stored_;
  std::uint64_t version_ = 0;
  std::vector<char> texts_;  // all of them, one after another; unlike a string's they stay in place when moved
};

}  // namespace orrery::interop
