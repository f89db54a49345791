#include "interop/trace/read/chrome/plain_event.h"

#include <bit>
#include <cstring>

#include "interop/trace/read/chrome/event_field.h"

namespace orrery::interop {
namespace {

using Word = std::uint64_t;
constexpr Word kEach = 0x0101010101010101, kHigh = 0x8080808080808080;

// The high bit of every byte that is zero; of bytes above the first of those it may be wrong.
constexpr Word zeros(Word w) {
  return (w - kEach) & ~w & kHigh;
}

// The same of bytes that end a plain string: a quote, a backslash, what is not printable ASCII.
constexpr Word enders(Word w) {
  const Word low = (w - 0x20 * kEach) & ~w, high = w | (w + kEach);
  return zeros(w ^ ('"' * kEach)) | zeros(w ^ ('\\' * kEach)) | ((low | high) & kHigh);
}

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

// The first byte from `at` on that is no plain one, eight at a time.
const char* skip_plain(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  for (; end - at >= std::ptrdiff_t{sizeof(Word)}; at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    if (const Word found = enders(word)) return at + std::countr_zero(found) / 8;
  }
  while (at < end && is_plain(*at)) ++at;
  return at;
}

}  // namespace

std::size_t PlainEventParser::parse(std::string_view text, ChromeEvent& event) {
  at_ = text.data();
  end_ = text.data() + text.size();
  event = ChromeEvent();
  arguments_.clear();
  if (!object([&](std::string_view key) { return field(event, key); })) return 0;
  event.arguments = arguments_;
  return static_cast<std::size_t>(at_ - text.data());
}

// `member` reads the value that belongs to a key.
template <class Member>
bool PlainEventParser::object(const Member& member) {
  if (!take('{')) return false;
  if (take('}')) return true;
  do {
    std::string_view key;
    if (!string(key) || !take(':') || !member(key)) return false;
  } while (take(','));
  return take('}');
}

bool PlainEventParser::field(ChromeEvent& event, std::string_view key) {
  const ChromeField field = chrome_field(key);
  const char first = skip_blanks();
  if (field == ChromeField::other || (!keeps_all_ && !is_of_time(field))) return skip_value(2);
  if (field == ChromeField::arguments) return arguments();
  std::string_view text;
  return (first == '"' ? string(text) : number(text)) && set_field(event, field, text);
}

bool PlainEventParser::arguments() {
  return object([this](std::string_view key) { return argument(key); });
}

bool PlainEventParser::argument(std::string_view key) {
  const char* const begin = (skip_blanks(), at_);
  std::string_view text;
  switch (here()) {
    case '"':
      if (!string(text)) return false;
      arguments_.push_back({key, text});
      return true;
    case '{':
    case '[':
      if (!skip_value(3)) return false;
      arguments_.push_back({key, TraceJson{{begin, static_cast<std::size_t>(at_ - begin)}}});
      return true;
    case 't':
    case 'f':
      arguments_.push_back({key, here() == 't'});
      return skip_value(3);
    case 'n':
      return skip_value(3);
    default:
      if (!number(text)) return false;
      arguments_.push_back({key, number_argument(text)});
      return true;
  }
}

// `depth`: of what a bracket here would open.
bool PlainEventParser::skip_value(int depth) {
  std::string_view text;
  switch (skip_blanks()) {
    case '"':
      return string(text);
    case '{':
      return depth <= kMaxEventDepth && object([&](std::string_view) { return skip_value(depth + 1); });
    case '[':
      if (depth > kMaxEventDepth) return false;
      ++at_;
      if (take(']')) return true;
      do {
        if (!skip_value(depth + 1)) return false;
      } while (take(','));
      return take(']');
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return number(text);
  }
}

bool PlainEventParser::string(std::string_view& text) {
  if (!take('"')) return false;
  const char* const begin = at_;
  at_ = skip_plain(at_, end_);
  text = {begin, static_cast<std::size_t>(at_ - begin)};
  if (here() != '"') return false;
  ++at_;
  return true;
}

// So short that nobody could find it too large.
bool PlainEventParser::number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 18;
  const char* const begin = at_;
  if (here() == '-') ++at_;
  const bool zero = here() == '0';
  const std::size_t whole = digits();
  if (whole == 0 || whole > kMostDigits || (zero && whole > 1)) return false;
  if (here() == '.') {
    ++at_;
    const std::size_t fraction = digits();
    if (fraction == 0 || fraction > kMostDigits) return false;
  }
  text = {begin, static_cast<std::size_t>(at_ - begin)};
  return here() != 'e' && here() != 'E';
}

bool PlainEventParser::literal(std::string_view word) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

std::size_t PlainEventParser::digits() {
  const char* const begin = at_;
  while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
  return static_cast<std::size_t>(at_ - begin);
}

// The byte behind them, or 0 at the end.
char PlainEventParser::skip_blanks() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  return here();
}

bool PlainEventParser::take(char c) {
  if (skip_blanks() != c || at_ == end_) return false;
  ++at_;
  return true;
}

}  // namespace orrery::interop
