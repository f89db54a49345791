#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/result.h"

namespace orrery::sweep {

// What a name stands for, and what an expression comes to. Numbers are in SI base
// units: seconds, bytes.
using Value = std::variant<bool, double, std::string>;
using Lookup = std::function<std::optional<Value>(std::string_view name)>;

std::string describe(const Value& value);

// A condition or a number over names, as `tp * pp * dp == gpus` or `fits and mfu > 0.4`:
//
//   or     = and { "or" and }
//   and    = not { "and" not }
//   not    = "not" not | compared
//   compared = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
//   sum    = product { ("+" | "-") product }
//   product = sign { ("*" | "/" | "%") sign }
//   sign   = "-" sign | atom
//   atom   = number | 'text' | "text" | name | true | false | "(" or ")"
//
// A number may have a prefix or a unit, as a value of a scenario has: 4k, 80 GiB is 80GiB.
// A name may have dots: layout.tp. && || ! are and, or, not.
class Expression {
 public:
  static Result<Expression> parse(std::string_view text, const Where& where);

  const std::string& text() const { return text_; }
  const Where& where() const { return where_; }
  // Every name in it, each once, in the order of the text.
  const std::vector<std::string>& names() const { return names_; }

  // Names that `lookup` does not know, and kinds that do not go together (text < number), are errors.
  Result<Value> evaluate(const Lookup& lookup) const;
  // The same where only true or false will do.
  Result<bool> holds(const Lookup& lookup) const;

 private:
  friend class ExpressionParser;
  struct Node;

  std::string text_;
  Where where_;
  std::vector<std::string> names_;
  std::shared_ptr<const Node> root_;
};

}  // namespace orrery::sweep
