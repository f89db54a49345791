#include "sim/base/read/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>

#include "sim/base/read/decimal.h"

namespace orrery {
namespace {

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
constexpr Unit kPowers[] = {{"W", 1, 1}};
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
constexpr Kind kPowerKind{"a power", "700 W or 1.2 kW", kPowers};
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

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string shown(text.substr(0, kShown));
  return "'" + shown + (text.size() > kShown ? "…'" : "'");
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
  const std::optional<std::int64_t> result =
      scaled(value, scale->prefix.numerator, scale->unit.numerator, scale->unit.denominator);
  if (!result) return not_a(kind, text, where, ": too large");
  if (kind.bare && !is_whole(value, scale->prefix.numerator)) return not_a(kind, text, where);
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

Result<Watts> parse_power(std::string_view text, const Where& where) {
  return wrap<Watts>(parse_integer(text, where, kPowerKind));
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
