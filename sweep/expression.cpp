#include "sweep/expression.h"

#include <cmath>
#include <cstdio>

#include "sweep/expression_parser.h"

namespace orrery::sweep {

namespace {

using Stop = ExpressionFault;

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

}  // namespace

std::string describe(const Value& value) {
  if (const bool* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const double* d = std::get_if<double>(&value)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.12g", *d);
    return text;
  }
  return quoted(std::get<std::string>(value));
}

namespace {

bool truth(const Value& value) {
  if (const bool* b = std::get_if<bool>(&value)) return *b;
  throw Stop{"has " + describe(value) + " where true or false is due"};
}

double number(const Value& value) {
  if (const double* d = std::get_if<double>(&value)) return *d;
  throw Stop{"has " + describe(value) + " where a number is due"};
}

bool compare(const std::string& op, const Value& a, const Value& b) {
  if (a.index() != b.index()) throw Stop{"compares " + describe(a) + " with " + describe(b)};
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (std::holds_alternative<bool>(a)) throw Stop{"asks which of true and false is larger"};
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  return a >= b;
}

double arithmetic(const std::string& op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (b == 0) throw Stop{"divides by zero"};
  return op == "/" ? a / b : std::fmod(a, b);
}

bool is_comparison(const std::string& op) {
  return op[0] == '=' || op[0] == '!' || op[0] == '<' || op[0] == '>';
}

template <class Tree>
Value evaluate_tree(const Tree& node, const Lookup& lookup) {
  using Kind = typename Tree::Kind;
  switch (node.kind) {
    case Kind::constant:
      return node.value;
    case Kind::name: {
      const std::optional<Value> value = lookup(node.text);
      if (!value) throw Stop{"has the name " + quoted(node.text) + ", which stands for nothing here"};
      return *value;
    }
    case Kind::logical_not:
      return !truth(evaluate_tree(*node.left, lookup));
    case Kind::negative:
      return -number(evaluate_tree(*node.left, lookup));
    case Kind::binary:
      break;
  }
  Value left = evaluate_tree(*node.left, lookup);
  if (node.text == "or" || node.text == "and") {
    if (truth(left) == (node.text == "or")) return left;
    return truth(evaluate_tree(*node.right, lookup));
  }
  const Value right = evaluate_tree(*node.right, lookup);
  if (is_comparison(node.text)) return compare(node.text, left, right);
  return arithmetic(node.text, number(left), number(right));
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text, const Where& where) {
  Expression expression;
  expression.text_ = text;
  expression.where_ = where;
  try {
    ParsedExpression parsed = ExpressionParser::parse(expression.text_);
    expression.root_ = std::move(parsed.root);
    expression.names_ = std::move(parsed.names);
  } catch (const Stop& stop) {
    return Error{where, "the expression " + quoted(text.substr(0, 200)) + " " + stop.what};
  }
  return expression;
}

Result<Value> Expression::evaluate(const Lookup& lookup) const {
  try {
    return evaluate_tree(*root_, lookup);
  } catch (const Stop& stop) {
    return Error{where_, "the expression " + quoted(text_) + " " + stop.what};
  }
}

Result<bool> Expression::holds(const Lookup& lookup) const {
  const Result<Value> value = evaluate(lookup);
  if (!value) return value.errors();
  if (const bool* b = std::get_if<bool>(&*value)) return *b;
  return Error{where_, "the expression " + quoted(text_) + " is " + describe(*value) + ", neither true nor false"};
}

}  // namespace orrery::sweep
