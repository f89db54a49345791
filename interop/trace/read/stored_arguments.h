#pragma once

#include <span>
#include <string>
#include <vector>

#include "interop/trace/read/trace_visitor.h"

namespace orrery::interop {

// Arguments that outlive the event they stood in. Used again and again, so that
// texts stay allocated.
class StoredArguments {
 public:
  // How many bytes more this takes now.
  std::size_t store(std::span<const TraceArgument> arguments);
  // Appends views of what is stored.
  void view(std::vector<TraceArgument>& to) const;

 private:
  struct Stored {
    std::string key, text;  // `text` also of JSON
    decltype(TraceArgument::value) value;
  };

  std::vector<Stored> stored_;
  std::size_t count_ = 0;
};

}  // namespace orrery::interop
