#include "interop/import/bash/words.h"

#include <optional>

namespace orrery::interop {
namespace {

// Walks over the text once. Brackets of `$(…)` and `${…}` are copied as they
// stand, for whoever expands the word.
class Splitter {
 public:
  Splitter(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<std::vector<BashCommand>> split() {
    while (at_ < text_.size() && !fault_) step();
    end_word();
    end_command();
    if (array_ && !fault_) fail("an array that never ends", array_line_);
    if (fault_) return *fault_;
    return std::move(commands_);
  }

 private:
  char now() const { return text_[at_]; }
  bool next_is(char c) const { return at_ + 1 < text_.size() && text_[at_ + 1] == c; }

  void fail(const std::string& what, int line) {
    if (!fault_) fault_ = Error{{file_, line, 0}, what};
  }

  void step() {
    const char c = now();
    if (c == '\\') return backslash();
    if (c == '\n') return newline();
    if (c == ' ' || c == '\t' || c == '\r') return end_word(), ++at_, void();
    if (c == '#' && !in_word_) return comment();
    if (c == ';') return end_word(), end_command(), ++at_, void();
    if (c == '\'') return single_quotes();
    if (c == '"') return double_quotes();
    if (c == '$' || c == '`') return expansion();
    if (c == '(' && in_word_ && word_.text.ends_with('=')) return begin_array();
    if (c == ')' && array_) return end_array();
    if ((c == '&' || c == '|') && !array_) return operator_word();
    put(c);
    ++at_;
  }

  void put(char c) {
    if (!in_word_) word_.line = line_;
    in_word_ = true;
    word_.text += c;
  }

  void backslash() {
    if (at_ + 1 >= text_.size()) return void(++at_);
    if (text_[at_ + 1] == '\n')
      ++line_, end_word();
    else
      put(text_[at_ + 1] == '$' ? kPlainDollar : text_[at_ + 1]);
    at_ += 2;
  }

  void newline() {
    end_word();
    if (!array_) end_command();
    ++line_;
    ++at_;
  }

  void comment() {
    while (at_ < text_.size() && now() != '\n') ++at_;
  }

  void operator_word() {
    end_word();
    const char c = now();
    put(c);
    if (next_is(c)) put(c), ++at_;
    ++at_;
    end_word();
  }

  void single_quotes() {
    const int line = line_;
    begin_quotes();
    for (; at_ < text_.size() && now() != '\''; ++at_) {
      if (now() == '\n') ++line_;
      put(now() == '$' ? kPlainDollar : now());
    }
    close('\'', line);
  }

  void double_quotes() {
    const int line = line_;
    begin_quotes();
    while (at_ < text_.size() && now() != '"' && !fault_) {
      if (now() == '\\' && at_ + 1 < text_.size()) {
        quoted_backslash();
      } else if (now() == '$' || now() == '`') {
        expansion();
      } else {
        if (now() == '\n') ++line_;
        put(now() == '\n' ? ' ' : now());
        ++at_;
      }
    }
    close('"', line);
  }

  void quoted_backslash() {
    const char c = text_[at_ + 1];
    if (c == '\n') {
      ++line_;
    } else {
      if (c != '"' && c != '\\' && c != '$' && c != '`') put('\\');
      put(c == '$' ? kPlainDollar : c);
    }
    at_ += 2;
  }

  void begin_quotes() {
    if (!in_word_) word_.line = line_;
    in_word_ = true;  // "" is a word too
    ++at_;
  }

  void close(char quote, int line) {
    if (at_ >= text_.size()) return fail(std::string("a quote ") + quote + " that never ends", line);
    ++at_;
  }

  // $NAME, ${…}, $(…), $((…)), `…`, copied whole.
  void expansion() {
    const char c = now();
    put(c);
    ++at_;
    if (c == '`') return copy_until('`');
    if (at_ < text_.size() && (now() == '(' || now() == '{')) copy_bracket(now(), now() == '(' ? ')' : '}');
  }

  void copy_until(char end) {
    const int line = line_;
    while (at_ < text_.size() && now() != end) copy();
    if (at_ >= text_.size()) return fail("a back quote that never ends", line);
    copy();
  }

  void copy_bracket(char open, char shut) {
    const int line = line_;
    int depth = 0;
    while (at_ < text_.size()) {
      if (now() == open) ++depth;
      const bool last = now() == shut && --depth == 0;
      copy();
      if (last) return;
    }
    fail(std::string("a bracket $") + open + " that never ends", line);
  }

  void copy() {
    if (now() == '\n') ++line_;
    put(now());
    ++at_;
  }

  void begin_array() {
    if (array_) return put('('), ++at_, void();
    word_.is_array = true;
    array_ = std::move(word_);
    array_line_ = line_;
    word_ = {};
    in_word_ = false;
    ++at_;
  }

  void end_array() {
    end_word();
    command_.push_back(std::move(*array_));
    array_.reset();
    ++at_;
  }

  void end_word() {
    if (!in_word_) return;
    (array_ ? array_->items : command_).push_back(std::move(word_));
    word_ = {};
    in_word_ = false;
  }

  void end_command() {
    if (!command_.empty()) commands_.push_back(std::move(command_));
    command_.clear();
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  int line_ = 1, array_line_ = 0;
  bool in_word_ = false;
  BashWord word_;
  std::optional<BashWord> array_;
  BashCommand command_;
  std::vector<BashCommand> commands_;
  std::optional<Error> fault_;
};

}  // namespace

Result<std::vector<BashCommand>> bash_commands(std::string_view text, const std::string& file) {
  return Splitter(text, file).split();
}

}  // namespace orrery::interop
