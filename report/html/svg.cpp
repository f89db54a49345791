#include "report/html/svg.h"

#include <cmath>

namespace orrery::report::svg {

std::string number(double value) {
  const auto thousandths = std::llround(value * 1000);
  const auto size = std::llabs(thousandths);
  std::string text = (thousandths < 0 ? "-" : "") + std::to_string(size / 1000);
  if (size % 1000 == 0) return text;
  std::string rest = std::to_string(1000 + size % 1000).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return text + '.' + rest;
}

std::string share(double value) {
  return number(100 * value) + '%';
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace orrery::report::svg
