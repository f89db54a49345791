#include "cli/console/messages.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/command/command.h"
#include "cli/console/log.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kLongestLine = 160;  // columns of a source line worth showing

constexpr int kGzip = 0x1f;  // the first byte of a file whose lines are those of what it holds

// Lines of files. Faults come mostly in the order of their lines, so a file is gone through once.
class SourceLines {
 public:
  // The text of line `where.line`, or nothing when there is no such file or line.
  std::string at(const Where& where) {
    if (where.line <= 0) return "";
    if (where.file != name_ || where.line < line_) open(where.file);
    for (; line_ < where.line; ++line_)
      if (!std::getline(file_, text_)) return name_.clear(), "";
    return text_;
  }

 private:
  void open(const std::string& name) {
    name_ = name;
    line_ = 0;
    file_ = std::ifstream();
    std::error_code ignored;
    if (std::filesystem::is_regular_file(name, ignored)) file_.open(name);
    if (file_.peek() == kGzip) file_.close();
  }

  std::string name_, text_;  // text_: of line_
  std::ifstream file_;
  int line_ = 0;
};

// Bytes of the well-formed UTF-8 character at `at` that may be shown, 0 when there
// is none. U+0080 to U+009F are controls: some terminals obey them.
std::size_t shown_character(const std::string& line, std::size_t at) {
  const auto byte = [&line](std::size_t i) { return i < line.size() ? static_cast<unsigned char>(line[i]) : 0U; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(at + i) & 0xC0U) != 0x80) return 0;
  const unsigned second = byte(at + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  const bool control = lead == 0xC2 && second < 0xA0;
  return overlong || beyond || control ? 0 : size;
}

// What a terminal may be shown of a stranger's file: controls and what is no UTF-8
// become a blank or '?', so that columns stay where they are.
std::string printable(const std::string& line) {
  std::string shown;
  for (std::size_t at = 0; at < std::min(line.size(), kLongestLine);) {
    const std::size_t size = shown_character(line, at);
    if (size > 0) shown.append(line, at, size);
    if (size == 0) shown += static_cast<unsigned char>(line[at]) < 0x80 ? ' ' : '?';
    at += std::max<std::size_t>(size, 1);
  }
  return shown;
}

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

std::string caret(const std::string& line, std::size_t column) {
  std::size_t end = column + 1;
  while (end < line.size() && in_word(line[end])) ++end;
  return std::string(column, ' ') + '^' + std::string(end - column - 1, '~');
}

std::string place(const Where& where) {
  std::string text = where.file;
  if (where.line > 0) text += ':' + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) text += ':' + std::to_string(where.column);
  return text.empty() ? text : text + ": ";
}

}  // namespace

void complain(const std::string& text) {
  std::cerr << "orrery: " << text << '\n';
  log_line(text);
}

std::string format_error(const Error& error, const std::string& source) {
  std::string text = place(error.where) + "error: " + error.what + '\n';
  const auto column = static_cast<std::size_t>(std::max(error.where.column, 1) - 1);
  const std::string line = printable(source);
  if (line.empty() || column >= line.size()) return text;
  const std::string number = std::to_string(error.where.line);
  const std::string margin(std::max<std::size_t>(number.size(), 5), ' ');
  text += margin.substr(number.size()) + number + " | " + line + '\n';
  text += margin + " | " + caret(line, column) + '\n';
  return text;
}

int report(const Errors& errors) {
  SourceLines lines;
  for (const Error& error : errors) {
    std::cerr << format_error(error, lines.at(error.where));
    log_line(place(error.where) + "error: " + error.what);
  }
  const bool io = std::any_of(errors.begin(), errors.end(), [](const Error& e) { return e.fault == Fault::io; });
  return io ? kInputOutput : kInvalid;
}

}  // namespace orrery::cli
