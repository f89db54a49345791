#pragma once

#include <string>
#include <string_view>

namespace orrery::report {

// A document around the body of a page, in Mustache ({{text}} is escaped, {{{drawing}}} is
// not): style, and what makes timelines stretch. The body begins with a heading of its own.
std::string page_around(std::string_view body);

}  // namespace orrery::report
