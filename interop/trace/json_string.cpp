#include "interop/trace/format/utf8.h"
#include "interop/trace/write/output/chrome.h"

namespace orrery::interop {
namespace {

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
