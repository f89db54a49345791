#include "sim/base/read/decimal.h"

#include <charconv>

namespace orrery {
namespace {

__extension__ typedef unsigned __int128 Wide;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits with '_' between them; appended to `out`. False when there are none.
bool scan_digits(std::string_view text, std::size_t& at, std::string& out) {
  const std::size_t start = at;
  while (at < text.size()) {
    const bool separator = text[at] == '_' && at > start && at + 1 < text.size() && is_digit(text[at + 1]);
    if (!is_digit(text[at]) && !separator) break;
    if (!separator) out += text[at];
    ++at;
  }
  return at > start;
}

}  // namespace

std::optional<NumberText> scan_number(std::string_view text) {
  NumberText number;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') number.digits += '-';
    ++at;
  }
  const bool whole = scan_digits(text, at, number.digits);
  bool fraction = false;
  if (at < text.size() && text[at] == '.') {
    number.digits += '.';
    fraction = scan_digits(text, ++at, number.digits);
  }
  if (!whole && !fraction) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t ahead = at + 1;
    std::string exponent = "e";
    if (ahead < text.size() && (text[ahead] == '-' || text[ahead] == '+')) {
      if (text[ahead] == '-') exponent += '-';
      ++ahead;
    }
    if (scan_digits(text, ahead, exponent)) {
      number.digits += exponent;
      at = ahead;
    }
  }
  number.length = at;
  return number;
}

bool has_leading_zero(std::string_view digits) {
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

Decimal to_decimal(std::string_view digits) {
  Decimal value;
  bool fraction = false;
  std::size_t at = 0;
  if (digits[0] == '-') value.negative = true, ++at;
  for (; at < digits.size() && digits[at] != 'e'; ++at) {
    if (digits[at] == '.') {
      fraction = true;
      continue;
    }
    if (value.digits > (UINT64_MAX - 9) / 10) {
      if (!fraction) ++value.exponent;
      continue;
    }
    value.digits = value.digits * 10 + static_cast<std::uint64_t>(digits[at] - '0');
    if (fraction) --value.exponent;
  }
  if (at == digits.size()) return value;
  int written = 0;
  const auto [end, error] = std::from_chars(digits.data() + at + 1, digits.data() + digits.size(), written);
  const bool huge = error == std::errc::result_out_of_range || written > 1000 || written < -1000;
  value.exponent += huge ? (digits[at + 1] == '-' ? -1000 : 1000) : written;
  return value;
}

std::optional<std::int64_t> scaled(const Decimal& value, std::uint64_t prefix, std::uint64_t numerator,
                                   std::uint64_t denominator) {
  if (value.digits == 0) return 0;
  constexpr Wide kLimit = static_cast<Wide>(1) << 120;
  Wide n = static_cast<Wide>(value.digits);
  Wide d = denominator;
  for (const std::uint64_t factor : {prefix, numerator}) {
    if (n > kLimit / factor) return std::nullopt;
    n *= factor;
  }
  for (int i = 0; i < value.exponent; ++i) {
    if (n > kLimit / 10) return std::nullopt;
    n *= 10;
  }
  for (int i = 0; i > value.exponent; --i) {
    if (d > kLimit / 10) return 0;
    d *= 10;
  }
  const Wide result = (n + d / 2) / d;
  if (result > static_cast<Wide>(INT64_MAX)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(result);
  return value.negative ? -whole : whole;
}

bool is_whole(const Decimal& value, std::uint64_t prefix) {
  Wide n = static_cast<Wide>(value.digits) * prefix;
  for (int i = value.exponent; i < 0 && n != 0; ++i) {
    if (n % 10 != 0) return false;
    n /= 10;
  }
  return true;
}

}  // namespace orrery
