#pragma once

#include "interop/trace/read/chrome/event.h"

namespace orrery::interop {

// What the keys of an event say that a timeline wants to know.
enum class ChromeField {
  other,
  phase,
  when,
  duration,
  process,
  thread,
  name,
  category,
  id,
  second_id,
  binding,
  arguments,
};

ChromeField chrome_field(std::string_view key);

// What must be known to find a trace's zero.
inline bool is_of_time(ChromeField field) {
  return field == ChromeField::phase || field == ChromeField::when || field == ChromeField::duration;
}

// What a number or a text says as a field; `text` is kept as a view. False where a
// time is no number of microseconds.
bool set_field(ChromeEvent& event, ChromeField field, std::string_view text);

// A number as an argument: an integer where it is one.
decltype(TraceArgument::value) number_argument(std::string_view text);

}  // namespace orrery::interop
