#include "sim/base/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>

namespace orrery {
namespace {

__extension__ typedef unsigned __int128 Wide;

// A decimal as written: digits * 10^exponent. Kept in integers until its unit is
// known, so that "0.1 GB" is exactly 100,000,000 bytes.
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
};

// A unit as a fraction of the smallest step of its kind (byte, picosecond, one).
struct Unit {
  std::string_view name;
  std::uint64_t numerator = 1;
  std::uint64_t denominator = 1;
};

// What is being read, for messages and for the units that it takes.
struct Kind {
  std::string_view what;     // "a bandwidth"
  std::string_view example;  // "400 Gb/s or 50 GB/s"
  std::span<const Unit> units;
  bool prefixed = true;
  bool bare = false;  // may stand without a unit
};

constexpr Unit kBytes[] = {{"B", 1, 1}, {"b", 1, 8}};
constexpr Unit kBandwidths[] = {{"B/s", 1, 1}, {"b/s", 1, 8}, {"Bps", 1, 1}, {"bps", 1, 8}};
constexpr Unit kFlopRates[] = {{"FLOP/s", 1, 1}, {"FLOPS", 1, 1}, {"FLOPs", 1, 1}};
constexpr Unit kDurations[] = {{"ps", 1, 1},
                               {"ns", 1'000, 1},
                               {"us", 1'000'000, 1},
                               {"µs", 1'000'000, 1},  // U+00B5
                               {"μs", 1'000'000, 1},  // U+03BC
                               {"ms", 1'000'000'000, 1},
                               {"s", 1'000'000'000'000, 1},
                               {"min", 60'000'000'000'000, 1},
                               {"h", 3'600'000'000'000'000, 1}};
constexpr Unit kOnes[] = {{"", 1, 1}};

constexpr Kind kByteKind{"an amount of data", "80 GiB or 512 MB", kBytes};
constexpr Kind kBandwidthKind{"a bandwidth", "400 Gb/s (bits) or 50 GB/s (bytes)", kBandwidths};
constexpr Kind kFlopRateKind{"a rate of work", "989 TFLOP/s", kFlopRates};
constexpr Kind kDurationKind{"a duration", "1.5 us or 20 ms", kDurations, false};
constexpr Kind kCountKind{"a whole number", "2048 or 40Mi", kOnes, true, true};

constexpr Unit kPrefixes[] = {{"Ki", 1ull << 10},
                              {"Mi", 1ull << 20},
                              {"Gi", 1ull << 30},
                              {"Ti", 1ull << 40},
                              {"Pi", 1ull << 50},
                              {"k", 1'000},
                              {"K", 1'000},
                              {"M", 1'000'000},
                              {"G", 1'000'000'000},
                              {"T", 1'000'000'000'000},
                              {"P", 1'000'000'000'000'000}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string shown(text.substr(0, kShown));
  return "'" + shown + (text.size() > kShown ? "…'" : "'");
}

// The number at the start of `text`, without underscores, and how long it was.
struct NumberText {
  std::string digits;  // "-1.5e3"
  std::size_t length = 0;
};

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

// "010" is eight to some YAML readers and ten to others.
bool has_leading_zero(std::string_view digits) {
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

// `digits` comes from scan_number. Digits beyond the 19th are dropped: they are
// below anything that an int64 can hold beside the first.
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

// value * scale, to the nearest integer, or nothing when it leaves int64.
std::optional<std::int64_t> scaled(const Decimal& value, const Unit& prefix, const Unit& unit) {
  if (value.digits == 0) return 0;
  constexpr Wide kLimit = static_cast<Wide>(1) << 120;
  Wide n = static_cast<Wide>(value.digits);
  Wide d = unit.denominator;
  for (const std::uint64_t factor : {prefix.numerator, unit.numerator}) {
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

// Does the value lose a fraction when it is made whole?
bool is_whole(const Decimal& value, const Unit& prefix) {
  Wide n = static_cast<Wide>(value.digits) * prefix.numerator;
  for (int i = value.exponent; i < 0 && n != 0; ++i) {
    if (n % 10 != 0) return false;
    n /= 10;
  }
  return true;
}

struct Scale {
  Unit prefix{"", 1};
  Unit unit;
};

std::optional<Scale> find_scale(std::string_view text, const Kind& kind) {
  for (const Unit& unit : kind.units)
    if (text == unit.name) return Scale{Unit{"", 1}, unit};
  if (!kind.prefixed) return std::nullopt;
  for (const Unit& prefix : kPrefixes) {
    if (!text.starts_with(prefix.name)) continue;
    for (const Unit& unit : kind.units)
      if (text.substr(prefix.name.size()) == unit.name) return Scale{prefix, unit};
  }
  return std::nullopt;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

// "gb/s" has two readings that differ by 8, so both are named.
std::string case_hint(std::string_view text, const Kind& kind) {
  std::string hint;
  const auto consider = [&](std::string_view prefix, std::string_view unit) {
    const std::string whole = std::string(prefix) + std::string(unit);
    if (!same_but_for_case(whole, text)) return;
    hint += (hint.empty() ? "; did you mean '" : " or '") + whole + "'";
  };
  for (const Unit& unit : kind.units) {
    consider("", unit.name);
    if (!kind.prefixed) continue;
    for (const Unit& prefix : kPrefixes) consider(prefix.name, unit.name);
  }
  return hint.empty() ? hint : hint + "?";
}

Error not_a(const Kind& kind, std::string_view text, const Where& where, const std::string& why = "") {
  return {where, quoted(text) + " is not " + std::string(kind.what) + why + "; write for example " +
                     std::string(kind.example)};
}

Error unit_error(const Kind& kind, std::string_view text, std::string_view unit, const Where& where) {
  if (unit.empty()) {
    return {where, quoted(text) + " has no unit; " + std::string(kind.what) + " needs one, for example " +
                       std::string(kind.example)};
  }
  if (kind.bare && kind.prefixed) return not_a(kind, text, where, " (a count takes no unit)");
  const std::string hint = case_hint(unit, kind);
  return not_a(kind, text, where, ": unknown unit " + quoted(unit) + hint);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<std::int64_t> parse_integer(std::string_view written, const Where& where, const Kind& kind) {
  const std::string_view text = trimmed(written);
  const std::optional<NumberText> number = scan_number(text);
  if (!number) return not_a(kind, text, where);
  if (has_leading_zero(number->digits)) return not_a(kind, text, where, ": a leading zero means octal to some readers");
  std::string_view rest = text.substr(number->length);
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::optional<Scale> scale = find_scale(rest, kind);
  if (!scale) return unit_error(kind, text, rest, where);

  const Decimal value = to_decimal(number->digits);
  const std::optional<std::int64_t> result = scaled(value, scale->prefix, scale->unit);
  if (!result) return not_a(kind, text, where, ": too large");
  if (kind.bare && !is_whole(value, scale->prefix)) return not_a(kind, text, where);
  if (!kind.bare && value.negative && *result != 0) return not_a(kind, text, where, ": it is negative");
  return *result;
}

template <class T>
Result<T> wrap(const Result<std::int64_t>& parsed) {
  if (!parsed) return parsed.errors();
  return T{*parsed};
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text, const Where& where) {
  return wrap<Bytes>(parse_integer(text, where, kByteKind));
}

Result<BytesPerSecond> parse_bandwidth(std::string_view text, const Where& where) {
  return wrap<BytesPerSecond>(parse_integer(text, where, kBandwidthKind));
}

Result<FlopsPerSecond> parse_flop_rate(std::string_view text, const Where& where) {
  const Result<std::int64_t> parsed = parse_integer(text, where, kFlopRateKind);
  if (!parsed) return parsed.errors();
  return FlopsPerSecond{static_cast<double>(*parsed)};
}

Result<Duration> parse_duration(std::string_view text, const Where& where) {
  const Result<std::int64_t> parsed = parse_integer(text, where, kDurationKind);
  if (!parsed) return parsed.errors();
  return Duration::ps(*parsed);
}

Result<std::int64_t> parse_count(std::string_view text, const Where& where) {
  return parse_integer(text, where, kCountKind);
}

Result<double> parse_number(std::string_view written, const Where& where) {
  constexpr Kind kind{"a number", "0.5 or 1e-3", kOnes};
  std::string_view text = trimmed(written);
  const std::optional<NumberText> number = scan_number(text);
  if (!number || has_leading_zero(number->digits)) return not_a(kind, text, where);
  std::string_view rest = text.substr(number->length);
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (!rest.empty() && rest != "%") return not_a(kind, text, where);
  double value = 0;
  const char* begin = number->digits.data();
  const auto [end, error] = std::from_chars(begin, begin + number->digits.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return not_a(kind, text, where, ": out of range");
  return rest == "%" ? value / 100 : value;
}

Result<bool> parse_bool(std::string_view text, const Where& where) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Error{where, quoted(text) + " is not true or false"};
}

}  // namespace orrery
