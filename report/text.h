#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::report {

// Numbers and tables as people read them: three or four significant digits, the
// unit beside the number or in the header. Plain ASCII, so that a report looks
// the same in a terminal, a log and a mail.

// "4.731", "0.0123", "1234": `digits` significant ones, no exponent.
std::string significant(double value, int digits = 4);
// "4.731" with three decimals.
std::string fixed(double value, int decimals);
// "3.54 M", "812", "1.2 T".
std::string with_prefix(double value, int digits = 3);
// "3.54 MB", "812 B".
std::string with_unit(double value, std::string_view unit, int digits = 3);
// "16,384".
std::string grouped(std::int64_t value);
// An amount of any size: "16,384", "79.77".
std::string amount(double value);
// Bytes in GiB, without the unit: "61.23".
std::string gib(Bytes bytes);
// A time with the unit that suits it: "4.731 s", "12.3 ms", "850 us".
std::string human_seconds(double seconds);
// "43.5 %"; "<0.1 %" for what is there but rounds to nothing.
std::string percent(double share);
// "+3.2 %", "-0.4 %", "0.0 %".
std::string signed_percent(double change);
std::string hex(std::uint64_t value);

// A reason with its numbers made alike: "tp 6 does not divide heads 32" is "tp N does not divide heads N".
std::string without_numbers(const std::string& reason);

// A cell of a CSV line, in quotes where it needs them.
std::string csv_field(const std::string& text);

// `share` of `width` columns as '#'. A share above zero shows at least one.
std::string bar(double share, int width);

// A row of values between 0 and `top` as one line of characters.
std::string sparkline(const std::vector<double>& values, double top);

// Columns that line up: the first is flush left, the others flush right unless
// said otherwise. The header is a row like the others.
class Table {
 public:
  // `left`: a letter for each column, 'l' or 'r'; columns beyond it are 'r'.
  explicit Table(std::string align = "l") : align_(std::move(align)) {}

  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Lines that each begin with `indent` and end without trailing blanks.
  std::string str(std::string_view indent = "  ") const;

 private:
  std::string align_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace orrery::report
