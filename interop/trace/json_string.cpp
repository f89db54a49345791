#include "interop/trace/chrome.h"

namespace orrery::interop {
namespace {

bool continues(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

// Length of the well-formed UTF-8 sequence that starts `text`; 0 if there is none.
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

void append_control(std::string& json, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  json += "\\u00";
  json += kHex[c >> 4];
  json += kHex[c & 15];
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length == 0)
      json += "\xEF\xBF\xBD";
    else if (c == '"' || c == '\\')
      (json += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      append_control(json, static_cast<unsigned char>(c));
    else
      json += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + '"';
}

}  // namespace orrery::interop
