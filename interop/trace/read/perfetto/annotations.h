#pragma once

#include <string>
#include <vector>

#include "interop/proto_message.h"
#include "interop/trace/read/perfetto/sequence.h"

namespace orrery::interop {

// The debug annotations of an event as arguments; dictionaries and lists become
// JSON. Views live until clear().
class PerfettoAnnotations {
 public:
  PerfettoAnnotations(const TraceTeller& teller) : teller_(teller) {}

  void clear() {
    arguments_.clear();
    texts_.clear();
  }
  void add(ProtoMessage annotation, const PerfettoSequence& sequence);
  std::span<const TraceArgument> arguments() const { return arguments_; }

 private:
  std::string_view keep(std::string_view text);

  const TraceTeller& teller_;
  std::vector<TraceArgument> arguments_;
  std::deque<std::string> texts_;
};

}  // namespace orrery::interop
