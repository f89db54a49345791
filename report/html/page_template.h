#pragma once

#include <string_view>

namespace orrery::report {

// Mustache: {{text}} is escaped, {{{drawing}}} is not.
extern const std::string_view kPageTemplate;

}  // namespace orrery::report
