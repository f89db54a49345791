#include "interop/trace/read/chrome/event_splitter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace orrery::interop {
namespace {

enum class Char : std::uint8_t { other, blank, quote, escape, open, close, separator, control };

constexpr std::array<Char, 256> classes() {
  std::array<Char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = Char::control;
  for (const char c : {' ', '\t', '\n', '\r'}) table[static_cast<unsigned char>(c)] = Char::blank;
  for (const char c : {'{', '['}) table[static_cast<unsigned char>(c)] = Char::open;
  for (const char c : {'}', ']'}) table[static_cast<unsigned char>(c)] = Char::close;
  for (const char c : {',', ':'}) table[static_cast<unsigned char>(c)] = Char::separator;
  table['"'] = Char::quote;
  table['\\'] = Char::escape;
  return table;
}
constexpr std::array<Char, 256> kClasses = classes();

Char class_of(char c) {
  return kClasses[static_cast<unsigned char>(c)];
}

// Where a value ends: told byte by byte.
enum class Verdict { within, before, here, out_of_step, too_deep };

class ValueScanner {
 public:
  Verdict take(char& c) {
    const Char kind = class_of(c);
    return in_string_ ? take_in_string(c, kind) : take_outside(c, kind);
  }

 private:
  Verdict take_in_string(char& c, Char kind) {
    if (kind == Char::control || (kind == Char::blank && c != ' ')) c = ' ';
    if (std::exchange(escaped_, false)) return Verdict::within;
    if (kind == Char::escape) escaped_ = true;
    if (kind != Char::quote) return Verdict::within;
    in_string_ = false;
    string_closed_ = true;
    return depth_ == 0 ? Verdict::here : Verdict::within;
  }

  Verdict take_outside(char& c, Char kind) {
    if (kind == Char::control) c = ' ';
    if (kind == Char::blank || kind == Char::control) return Verdict::within;
    // A string is followed by a separator or a bracket, or its quotes are not what they seem.
    if (std::exchange(string_closed_, false) && kind != Char::separator && kind != Char::close)
      return Verdict::out_of_step;
    switch (kind) {
      case Char::quote:
        in_string_ = true;
        return Verdict::within;
      case Char::open:
        return ++depth_ > kMaxEventDepth ? Verdict::too_deep : Verdict::within;
      case Char::close:
        if (depth_ == 0) return Verdict::before;  // behind a bare number
        return --depth_ == 0 ? Verdict::here : Verdict::within;
      case Char::separator:
        return depth_ == 0 ? Verdict::before : Verdict::within;
      default:
        return Verdict::within;
    }
  }

  int depth_ = 0;
  bool in_string_ = false, escaped_ = false, string_closed_ = false;
};

}  // namespace

EventSplitter::Piece EventSplitter::next() {
  window_.drop(std::exchange(to_drop_, 0));
  switch (state_) {
    case State::start:
      return start();
    case State::object:
      return next_member();
    case State::events:
      return next_event();
    case State::after:
      break;
  }
  // After a broken event a list may have seemed to end too early.
  if (skip_blanks(true) == '{') {
    state_ = State::events;
    return next_event();
  }
  return {};
}

EventSplitter::Piece EventSplitter::start() {
  if (window_.want(3) && window_.text().starts_with("\xEF\xBB\xBF")) window_.drop(3);
  const char c = skip_blanks(false);
  if (c != '{' && c != '[') {
    state_ = State::after;
    window_.drop(window_.size());
    return {Piece::Kind::broken, "it is no JSON object and no list", {}, 0};
  }
  window_.drop(1);
  in_list_ = c == '[';
  state_ = in_list_ ? State::events : State::object;
  return next();
}

EventSplitter::Piece EventSplitter::next_member() {
  const char c = skip_blanks(true);
  if (c == '}' || c == 0) {
    if (c != 0) window_.drop(1);
    state_ = State::after;
    return next();
  }
  if (c != '"' || scan(kMaxMemberBytes, true) != Scan::whole) return broken("a key is expected here");
  std::string key(window_.text().substr(1, length_ - 2));
  window_.drop(length_);
  if (skip_blanks(false) != ':') return broken("a value is expected behind this key");
  window_.drop(1);
  if (skip_blanks(false) != '[' || key != "traceEvents") return member_value(std::move(key));
  window_.drop(1);
  state_ = State::events;
  return next();
}

EventSplitter::Piece EventSplitter::member_value(std::string key) {
  const std::uint64_t at = window_.position();
  switch (scan(kMaxMemberBytes, false)) {
    case Scan::whole:
      to_drop_ = length_;
      return {Piece::Kind::member, window_.text().substr(0, length_), std::move(key), at};
    case Scan::too_long:  // and let go of: nothing that we need is that long
      return next();
    case Scan::cut_off:
      return cut_off();
    default:
      return broken("quotes and brackets do not match here");
  }
}

EventSplitter::Piece EventSplitter::next_event() {
  const char c = skip_blanks(true);
  if (c == 0) return state_ = State::after, Piece{};
  if (c == ']') {
    window_.drop(1);
    state_ = in_list_ ? State::after : State::object;
    return next();
  }
  const std::uint64_t at = window_.position();
  if (c == '{' && (to_drop_ = plain_.parse(window_.text(), event_)) > 0) return {Piece::Kind::plain, {}, {}, at};
  if (c != '{') return skip_stray(), Piece{Piece::Kind::broken, "an event is expected here", {}, at};
  switch (scan(kMaxEventBytes, true)) {
    case Scan::whole:
      to_drop_ = length_;
      return {Piece::Kind::event, window_.text().substr(0, length_), {}, at};
    case Scan::cut_off:
      return cut_off();
    case Scan::too_deep:
      return broken("it is nested more than 64 levels deep");
    case Scan::too_long:
      return broken("it is longer than 4 MiB");
    default:
      return broken("a quote is missing in it, or one too many");
  }
}

// Of what is no event, up to where one may begin or the list may end.
void EventSplitter::skip_stray() {
  do {
    const std::size_t found = window_.text().find_first_of("{]");
    if (found != std::string_view::npos) return window_.drop(found);
    window_.drop(window_.size());
  } while (window_.more());
}

EventSplitter::Piece EventSplitter::cut_off() {
  const std::uint64_t at = window_.position();
  window_.drop(window_.size());
  state_ = State::after;
  return {Piece::Kind::broken, "the file ends in the middle of it", {}, at};
}

EventSplitter::Piece EventSplitter::broken(std::string_view why) {
  const std::uint64_t at = window_.position();
  resynchronise();
  state_ = State::events;
  return {Piece::Kind::broken, why, {}, at};
}

char EventSplitter::skip_blanks(bool commas) {
  const auto is_blank = [&](char c) {
    return class_of(c) == Char::blank || class_of(c) == Char::control || (commas && c == ',');
  };
  do {
    const std::string_view text = window_.text();
    const auto found = std::find_if_not(text.begin(), text.end(), is_blank);
    window_.drop(static_cast<std::size_t>(found - text.begin()));
    if (found != text.end()) return *found;
  } while (window_.more());
  return 0;
}

// From the first byte of a value to the last: its length is left in length_.
// Without `keep`, what goes beyond `max_bytes` is let go of and read over.
EventSplitter::Scan EventSplitter::scan(std::size_t max_bytes, bool keep) {
  ValueScanner scanner;
  bool dropped = false;
  const auto done = [&](Scan how, std::size_t length) {
    length_ = length;
    scanned_to_ = std::max(scanned_to_, window_.position() + length);
    if (how != Scan::whole || !dropped) return how;
    window_.drop(length);
    return Scan::too_long;
  };
  for (std::size_t i = 0;;) {
    if (i == window_.size() && !window_.more()) return done(Scan::cut_off, i);
    char* const bytes = window_.data();
    for (const std::size_t end = window_.size(); i < end; ++i) {
      const Verdict verdict = scanner.take(bytes[i]);
      if (verdict == Verdict::within) continue;
      if (verdict == Verdict::before) return done(Scan::whole, i);
      if (verdict == Verdict::here) return done(Scan::whole, i + 1);
      return done(verdict == Verdict::too_deep ? Scan::too_deep : Scan::out_of_step, i);
    }
    if (i < max_bytes) continue;
    if (keep) return done(Scan::too_long, i);
    window_.drop(std::exchange(i, 0));
    dropped = true;
  }
}

// To the next event: behind the start of the broken one, or, once that would read
// the same bytes again too often, behind all that was read of it.
void EventSplitter::resynchronise() {
  const std::uint64_t from = window_.position() + 1;
  if (scanned_to_ > from) rescanned_ += scanned_to_ - from;
  const bool again = rescanned_ < 4 * from + 4 * kMaxEventBytes;
  std::size_t i = again || scanned_to_ <= from ? 1 : static_cast<std::size_t>(scanned_to_ - window_.position());
  char awaited = '}';
  for (;; ++i) {
    while (i >= window_.size()) {
      if (i > kMaxEventBytes) {
        const std::size_t drop = std::min(i, window_.size());
        window_.drop(drop);
        i -= drop;
      }
      if (!window_.more()) return window_.drop(window_.size());
    }
    const char c = window_[i];
    if (awaited == '{' && c == '{') return window_.drop(i);
    if (awaited == ',' && c == ',')
      awaited = '{';
    else if (c == '}')
      awaited = ',';
    else if (class_of(c) != Char::blank)
      awaited = '}';
  }
}

}  // namespace orrery::interop
