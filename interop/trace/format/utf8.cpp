#include "interop/trace/format/utf8.h"

#include <algorithm>

namespace orrery::interop {
namespace {

bool continues(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char c = at(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return continues(at(1)) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    const bool overlong = c == 0xE0 && at(1) < 0xA0, surrogate = c == 0xED && at(1) > 0x9F;
    return continues(at(1)) && continues(at(2)) && !overlong && !surrogate ? 3 : 0;
  }
  if (c < 0xF0 || c > 0xF4) return 0;
  const bool overlong = c == 0xF0 && at(1) < 0x90, too_high = c == 0xF4 && at(1) > 0x8F;
  return continues(at(1)) && continues(at(2)) && continues(at(3)) && !overlong && !too_high ? 4 : 0;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

void append_utf8(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0)
      to += "\xEF\xBF\xBD";
    else
      to += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace orrery::interop
