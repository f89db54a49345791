#include "interop/trace/read/chrome/event_field.h"

#include <charconv>

namespace orrery::interop {
namespace {

// A short key as a number, to be switched on, with a 1 in front; 0 for a long one.
constexpr std::uint64_t word(std::string_view key) {
  if (key.size() >= sizeof(std::uint64_t)) return 0;
  std::uint64_t word = 1;
  for (const char c : key) word = word << 8 | static_cast<unsigned char>(c);
  return word;
}

bool parse_integer(std::string_view text, std::int64_t& n) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  return fault == std::errc() && end == text.data() + text.size();
}

// "7" and 7 are the same thread.
ChromeId chrome_id(std::string_view text) {
  ChromeId id;
  if (!parse_integer(text, id.number)) id.text = text;
  return id;
}

bool set_time(std::optional<ClockTime>& time, std::string_view text) {
  time = parse_microseconds(text);
  return time.has_value();
}

}  // namespace

ChromeField chrome_field(std::string_view key) {
  switch (word(key)) {
    case word("ph"):
      return ChromeField::phase;
    case word("ts"):
      return ChromeField::when;
    case word("dur"):
      return ChromeField::duration;
    case word("pid"):
      return ChromeField::process;
    case word("tid"):
      return ChromeField::thread;
    case word("name"):
      return ChromeField::name;
    case word("cat"):
      return ChromeField::category;
    case word("id"):
      return ChromeField::id;
    case word("id2"):
      return ChromeField::second_id;
    case word("bp"):
      return ChromeField::binding;
    case word("args"):
      return ChromeField::arguments;
    default:
      return ChromeField::other;
  }
}

bool set_field(ChromeEvent& event, ChromeField field, std::string_view text) {
  switch (field) {
    case ChromeField::phase:
      event.phase = text.size() == 1 ? text.front() : '\0';
      break;
    case ChromeField::when:
      return set_time(event.when, text);
    case ChromeField::duration:
      return set_time(event.duration, text);
    case ChromeField::process:
      event.process = chrome_id(text);
      break;
    case ChromeField::thread:
      event.thread = chrome_id(text);
      break;
    case ChromeField::name:
      event.name = text;
      break;
    case ChromeField::category:
      event.category = text;
      break;
    case ChromeField::id:
    case ChromeField::second_id:
      event.id = text;
      break;
    case ChromeField::binding:
      event.bound_to_enclosing = text == "e";
      break;
    default:
      break;
  }
  return true;
}

decltype(TraceArgument::value) number_argument(std::string_view text) {
  std::int64_t n = 0;
  if (parse_integer(text, n)) return n;
  double x = 0;
  std::from_chars(text.data(), text.data() + text.size(), x);
  return x;
}

}  // namespace orrery::interop
