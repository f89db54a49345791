#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::interop {

// A word of a command line; what could not be expanded stays in it as `$NAME`.
struct ScriptWord {
  std::string text;
  Where where;
};
using ScriptVariables = std::map<std::string, std::vector<ScriptWord>>;

// `$NAME`, `${NAME}`, `${NAME:-default}`, `$((…))` and arrays, by the variables known
// so far; everything else stays as it is written. How much all expansions of a
// script yield together is bounded, since texts can double themselves.
class BashExpander {
 public:
  explicit BashExpander(const ScriptVariables& variables) : variables_(variables) {}

  std::string expand(std::string_view text);

  // Whether there is room for `bytes` more; takes it.
  bool spend(std::size_t bytes);

 private:
  std::string expand(std::string_view text, std::size_t depth);
  std::size_t expand_one(std::string_view text, std::string& out, std::size_t depth);
  void put_variable(const std::string& name, std::string_view as_written, std::string& out);
  std::size_t braces(std::string_view text, std::string& out, std::size_t depth);
  std::size_t arithmetic(std::string_view text, std::string& out, std::size_t depth);

  const ScriptVariables& variables_;
  std::size_t spent_ = 0;
};

// Length of the variable's name that `text` begins with; 0 for none.
std::size_t name_length(std::string_view text);

}  // namespace orrery::interop
