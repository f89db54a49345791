#pragma once

#include <string>
#include <string_view>

namespace orrery::report::svg {

// A number as SVG writes it: at most three decimals, a point, no exponent.
std::string number(double value);
// "12.345%" of a whole: places along a row that can be stretched.
std::string share(double value);
// Text with what XML reserves replaced.
std::string escaped(std::string_view text);

}  // namespace orrery::report::svg
