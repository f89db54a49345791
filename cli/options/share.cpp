#include "cli/options/share.h"

#include <exception>

namespace orrery::cli {

std::optional<double> parse_share(const std::string& text) {
  if (text.empty()) return -1;
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  const bool is_percent = used + 1 == text.size() && text.back() == '%';
  if (!(value >= 0) || !(value <= 1e6) || (used != text.size() && !is_percent)) return std::nullopt;
  return is_percent ? value / 100 : value;
}

}  // namespace orrery::cli
