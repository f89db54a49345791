#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

// A decimal as written: digits * 10^exponent. Kept in integers until its unit is
// known, so that "0.1 GB" is exactly 100,000,000 bytes.
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
};

// The number at the start of a text, without underscores, and how long it was.
struct NumberText {
  std::string digits;  // "-1.5e3"
  std::size_t length = 0;
};

// Nothing where the text does not start with a number.
std::optional<NumberText> scan_number(std::string_view text);

// "010" is eight to some YAML readers and ten to others.
bool has_leading_zero(std::string_view digits);

// `digits` comes from scan_number. Digits beyond the 19th are dropped: they are
// below anything that an int64 can hold beside the first.
Decimal to_decimal(std::string_view digits);

// value * prefix * numerator / denominator, to the nearest integer, or nothing when it leaves int64.
std::optional<std::int64_t> scaled(const Decimal& value, std::uint64_t prefix, std::uint64_t numerator,
                                   std::uint64_t denominator);

// Whether value * prefix has no fraction.
bool is_whole(const Decimal& value, std::uint64_t prefix);

}  // namespace orrery
