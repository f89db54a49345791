#include <algorithm>
#include <charconv>

#include "interop/trace/read/chrome/event.h"

namespace orrery::interop {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// 10^26 picoseconds are three million years: no product below leaves 128 bits.
constexpr ClockTime kMost = ClockTime{100'000'000'000'000} * 1'000'000'000'000;

}  // namespace

std::optional<ClockTime> parse_microseconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  ClockTime digits = 0;
  int exponent = 6;  // of the last digit, in picoseconds
  bool any = false, in_fraction = false;
  std::size_t i = 0;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !in_fraction)); ++i) {
    if (text[i] == '.') {
      in_fraction = true;
      continue;
    }
    any = true;
    if (in_fraction && exponent < -18) continue;  // digits that no clock has
    if (digits > kMost) return {};
    digits = digits * 10 + (text[i] - '0');
    if (in_fraction) --exponent;
  }
  if (!any) return {};
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return {};
    if (++i < text.size() && text[i] == '+') ++i;
    int shift = 0;
    const auto [end, fault] = std::from_chars(text.data() + i, text.data() + text.size(), shift);
    if (fault != std::errc() || end != text.data() + text.size() || std::abs(shift) > 100) return {};
    exponent += shift;
  }
  for (; exponent > 0 && digits != 0; --exponent)
    if ((digits *= 10) > kMost) return {};
  for (; exponent < 0 && digits != 0; ++exponent) digits = (digits + (exponent == -1 ? 5 : 0)) / 10;
  return negative ? -digits : digits;
}

}  // namespace orrery::interop
