#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/expression.h"

namespace orrery::sweep {

struct Expression::Node {
  enum class Kind { constant, name, logical_not, negative, binary };
  Kind kind = Kind::constant;
  Value value;       // constant
  std::string text;  // name; binary: the operator
  std::shared_ptr<const Node> left, right;
};

// What is wrong with an expression: "lacks a ')'".
struct ExpressionFault {
  std::string what;
};

// The grammar of Expression (sweep/expression.h), read once.
class ExpressionParser {
 public:
  using Tree = Expression::Node;
  struct Parsed {
    std::shared_ptr<const Tree> root;
    std::vector<std::string> names;  // in the order of the text
  };

  // Throws ExpressionFault.
  static Parsed parse(std::string_view text);
};
using ParsedExpression = ExpressionParser::Parsed;

}  // namespace orrery::sweep
