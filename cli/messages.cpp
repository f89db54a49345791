#include "cli/messages.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/command.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kLongestLine = 160;  // columns of a source line worth showing

// The text of line `where.line`, or nothing when there is no such file or line.
std::string source_line(const Where& where) {
  std::error_code ignored;
  if (where.line <= 0 || !std::filesystem::is_regular_file(where.file, ignored)) return "";
  std::ifstream file(where.file);
  std::string line;
  for (int i = 0; i < where.line; ++i)
    if (!std::getline(file, line)) return "";
  return line;
}

// What a terminal may be shown of a stranger's file.
std::string printable(std::string line) {
  if (line.size() > kLongestLine) line.resize(kLongestLine);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return line;
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
  for (const Error& error : errors) std::cerr << format_error(error, source_line(error.where));
  const bool io = std::any_of(errors.begin(), errors.end(), [](const Error& e) { return e.fault == Fault::io; });
  return io ? kInputOutput : kInvalid;
}

}  // namespace orrery::cli
