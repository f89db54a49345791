#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::interop {

// A word as it stands in a script: quotes are gone, `$` still asks for expansion.
struct BashWord {
  std::string text;
  int line = 0;
  std::vector<BashWord> items;  // of an array: NAME=(…), NAME+=(…)
  bool is_array = false;
};
using BashCommand = std::vector<BashWord>;

// A `$` that single quotes or a backslash protect.
inline constexpr char kPlainDollar = '\x01';

// Splits a script into commands and words as bash would: comments, quotes, line
// continuations, arrays over several lines. `&&` and `||` are words of their own.
// Nothing is expanded and nothing is run. Errors: a quote or bracket that never ends.
Result<std::vector<BashCommand>> bash_commands(std::string_view text, const std::string& file);

}  // namespace orrery::interop
