#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "interop/trace/read/trace_visitor.h"
#include "interop/trace/read/zero_finder.h"

namespace orrery::interop {

// Deeper nested than any event that means something.
inline constexpr int kMaxEventDepth = 64;

// A process or thread as Chrome traces name it: by a number, or by any text.
struct ChromeId {
  std::optional<std::string_view> text;  // where it is no number
  std::int64_t number = 0;
};

// One event of a Chrome trace, as it stands in the file. Views live until the
// next event is parsed.
struct ChromeEvent {
  char phase = 0;
  std::optional<ClockTime> when, duration;
  ChromeId process, thread;
  std::string_view name, category, id;
  bool bound_to_enclosing = false;
  std::span<const TraceArgument> arguments;
};

class ChromeEventParser {
 public:
  ChromeEventParser();
  ~ChromeEventParser();

  // Whether events have all that they say (they do); without, they have a phase and
  // times, and parsing is faster.
  void keep_all(bool keep);
  // Why it is no event; nothing when `event` is filled.
  std::string_view parse(std::string_view text, ChromeEvent& event);

 private:
  class Handler;
  std::unique_ptr<Handler> handler_;
};

// Microseconds with their fraction as picoseconds, to the last digit: "12.5", "1.5e3".
// None for what is no number, or more of one than any clock shows.
std::optional<ClockTime> parse_microseconds(std::string_view text);

}  // namespace orrery::interop
