#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace orrery::interop {

// The value of a whole-number expression with + - * / % and brackets, as in bash's
// `$((…))`; names are looked up by `variable`, which answers with a number or
// something else. Nothing where it is none, divides by zero or passes 64 bits.
std::optional<std::int64_t> integer_expression(std::string_view text,
                                               const std::function<std::string(const std::string&)>& variable);

}  // namespace orrery::interop
