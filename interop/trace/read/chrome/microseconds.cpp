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

// What nearly all are: of so few digits that nothing is rounded and 64 bits hold either part.
std::optional<ClockTime> parse_short(std::string_view text) {
  constexpr std::size_t kMostWhole = 18, kPlaces = 6;
  std::size_t i = 0;
  std::uint64_t whole = 0, fraction = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) whole = whole * 10 + static_cast<std::uint64_t>(text[i] - '0');
  if (i == 0 || i > kMostWhole) return {};
  std::size_t places = 0;
  if (i < text.size() && text[i] == '.')
    for (++i; i < text.size() && is_digit(text[i]); ++i, ++places)
      fraction = fraction * 10 + static_cast<std::uint64_t>(text[i] - '0');
  if (i < text.size() || places > kPlaces) return {};
  for (; places < kPlaces; ++places) fraction *= 10;
  return ClockTime{1'000'000} * static_cast<std::int64_t>(whole) + static_cast<std::int64_t>(fraction);
}

std::optional<ClockTime> parse_any(std::string_view text) {
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
  return digits;
}

}  // namespace

std::optional<ClockTime> parse_microseconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  auto time = parse_short(text);
  if (!time) time = parse_any(text);
  return negative && time ? -*time : time;
}

}  // namespace orrery::interop
