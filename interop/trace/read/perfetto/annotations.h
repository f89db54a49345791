#pragma once

#include <string>
#include <vector>

#include "interop/proto_message.h"
#include "interop/trace/read/perfetto/sequence.h"

namespace orrery::interop {

// The debug annotations of an event as arguments; dictionaries and lists become
// JSON. Views live until the next event. Events that follow each other often say the
// same, to the byte: then what was read the last time stands.
class PerfettoAnnotations {
 public:
  PerfettoAnnotations(const TraceTeller& teller) : teller_(teller) {}

  // Of the event that begins now; `field` is one annotation with its tag.
  void clear() { parts_.clear(); }
  void add(std::string_view field);
  // All of them are there.
  void read(const PerfettoSequence& sequence);
  // What numbers stand for has changed: nothing is as it was the last time.
  void forget() { bytes_.clear(); }

  TraceArguments arguments() const { return parts_.empty() ? TraceArguments() : TraceArguments{arguments_, version_}; }

 private:
  void read_one(ProtoMessage annotation, const PerfettoSequence& sequence);
  std::string_view keep(std::string_view text);

  const TraceTeller& teller_;
  std::vector<std::string_view> parts_;  // of the event's bytes; one where nothing stands between annotations
  std::string bytes_;                    // of what was read last: views of arguments_ point into it
  std::uint64_t version_ = 0;
  std::vector<TraceArgument> arguments_;
  std::deque<std::string> texts_;
};

}  // namespace orrery::interop
