#pragma once

#include <vector>

#include "interop/trace/read/chrome/event.h"

namespace orrery::interop {

// The quick way through a Chrome trace: parses an event where it lies, each byte
// once. Takes only what nearly all events are, a part of JSON: texts in printable
// ASCII without escapes, and numbers without exponents. What it does not take is
// left to EventSplitter and ChromeEventParser, which know of everything else that
// a file may hold; of what it takes they would say the same.
class PlainEventParser {
 public:
  // Whether events have all that they say; without, they have a phase and times.
  void keep_all(bool keep) { keeps_all_ = keep; }

  // The length of the event that `text` begins with; 0 if it is not taken, or not
  // whole. Views in `event` are of `text` and of this parser, until the next call.
  std::size_t parse(std::string_view text, ChromeEvent& event);

 private:
  template <class Member>
  bool object(const Member& member);
  bool field(ChromeEvent& event, std::string_view key);
  bool arguments();
  bool argument(std::string_view key);
  bool skip_value(int depth);
  bool string(std::string_view& text);
  bool number(std::string_view& text);
  bool literal(std::string_view word);
  std::size_t digits();

  char here() const { return at_ < end_ ? *at_ : '\0'; }
  char skip_blanks();
  bool take(char c);

  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::vector<TraceArgument> arguments_;
  bool keeps_all_ = true;
};

}  // namespace orrery::interop
