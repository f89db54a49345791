#include "sim/base/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace orrery {
namespace {

Error fault_of(const std::string& file, std::string what, Fault fault = Fault::input) {
  Error error;
  error.where.file = file;
  error.what = std::move(what);
  error.fault = fault;
  return error;
}

// Length of the well-formed UTF-8 sequence at `at`, 0 when there is none
// (Unicode 15, table 3-7: no overlong forms, no surrogates, at most U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

TextPlaces::TextPlaces(std::string_view text, std::string file) : file_(std::move(file)), line_starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') line_starts_.push_back(i + 1);
}

Where TextPlaces::at(std::size_t offset) const {
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t line = static_cast<std::size_t>(next - line_starts_.begin());
  return {file_, static_cast<int>(line), static_cast<int>(offset - line_starts_[line - 1] + 1)};
}

std::optional<Error> check_encoding(std::string_view text, const std::string& file) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return fault_of(file, "is UTF-16; save it as UTF-8");
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool control = (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
    const std::size_t length = control ? 0 : utf8_length(text, at);
    if (length == 0)
      return Error{TextPlaces(text, file).at(at), control ? "a control character; is this a binary file?"
                                                          : "a byte that is not UTF-8; is this a binary file?"};
    at += length;
  }
  return std::nullopt;
}

Error too_large(const std::string& file, std::size_t max_bytes) {
  return fault_of(file, "is larger than " + std::to_string(max_bytes >> 20) + " MiB, which no file of its kind needs");
}

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (fs::is_directory(status)) return fault_of(path, "is a directory, not a file", Fault::io);
  if (fs::is_regular_file(status) && fs::file_size(path, failed) > max_bytes && !failed)
    return too_large(path, max_bytes);

  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fault_of(path, std::string("cannot be opened: ") + std::strerror(errno), Fault::io);
  std::string text;
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) return too_large(path, max_bytes);
  }
  if (file.bad()) return fault_of(path, "cannot be read", Fault::io);
  return text;
}

}  // namespace orrery
