#pragma once

#include <string>

#include "interop/trace/read/byte_window.h"
#include "interop/trace/read/chrome/plain_event.h"

namespace orrery::interop {

// Cuts a Chrome trace into its events, so that a broken one costs itself and no
// other: {"traceEvents": [event, …], "key": value, …} or [event, …].
//
// Events that are plain are parsed on the way. Of others it looks at brackets and
// quotes only, and the parser is to judge. Control characters inside strings are made
// blanks. Where quotes are out of step (a string that is not closed, a quote that
// is not escaped), it goes on at the next "}, {".
class EventSplitter {
 public:
  struct Piece {
    enum class Kind { plain, event, member, broken, end };

    Kind kind = Kind::end;
    std::string_view text;  // of an event or a member's value; why it is broken. Until the next call.
    std::string key;        // of a member
    std::uint64_t at = 0;   // its byte in the unfolded file
  };

  // Whether plain events have all that they say.
  EventSplitter(ByteWindow& window, bool keep_all) : window_(window) { plain_.keep_all(keep_all); }

  Piece next();
  // The last plain one, until the next call.
  const ChromeEvent& event() const { return event_; }

 private:
  enum class State { start, object, events, after };
  // How scanning a value ended.
  enum class Scan { whole, cut_off, out_of_step, too_deep, too_long };

  static constexpr std::size_t kMaxEventBytes = 4 << 20, kMaxMemberBytes = 1 << 20;

  Piece start();
  Piece next_member();
  Piece next_event();
  Piece member_value(std::string key);
  Piece broken(std::string_view why);
  Piece cut_off();

  // Lets go of blanks, and of commas too; the byte after them, or 0 at the end.
  char skip_blanks(bool commas);
  Scan scan(std::size_t max_bytes, bool keep);
  void skip_stray();
  void resynchronise();

  ByteWindow& window_;
  PlainEventParser plain_;
  ChromeEvent event_;
  State state_ = State::start;
  bool in_list_ = false;     // the file is a list, not an object
  std::size_t length_ = 0;   // of what was scanned
  std::size_t to_drop_ = 0;  // the last piece, when the next is asked for
  std::uint64_t scanned_to_ = 0, rescanned_ = 0;
};

}  // namespace orrery::interop
