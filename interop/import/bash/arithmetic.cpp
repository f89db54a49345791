#include "interop/import/bash/arithmetic.h"

#include <charconv>

namespace orrery::interop {
namespace {

using Value = std::optional<std::int64_t>;

constexpr int kMostDepth = 64;

Value number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() && !text.empty() ? Value(value) : std::nullopt;
}

Value apply(Value a, char op, Value b) {
  if (!a || !b) return std::nullopt;
  std::int64_t result = 0;
  switch (op) {
    case '+':
      return __builtin_add_overflow(*a, *b, &result) ? std::nullopt : Value(result);
    case '-':
      return __builtin_sub_overflow(*a, *b, &result) ? std::nullopt : Value(result);
    case '*':
      return __builtin_mul_overflow(*a, *b, &result) ? std::nullopt : Value(result);
    default:
      if (*b == 0 || *b == -1) return *b == 0 ? std::nullopt : op == '%' ? Value(0) : apply(0, '-', a);
      return op == '/' ? *a / *b : *a % *b;
  }
}

// sum = product {(+|-) product}; product = atom {(*|/|%) atom}; atom = number | name | (sum) | -atom
class Parser {
 public:
  Parser(std::string_view text, const std::function<std::string(const std::string&)>& variable)
      : text_(text), variable_(variable) {}

  Value parse() {
    const Value value = sum(0);
    skip();
    return text_.empty() ? value : std::nullopt;
  }

 private:
  void skip() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  bool one_of(std::string_view ops, char& op) {
    skip();
    if (text_.empty() || ops.find(text_[0]) == std::string_view::npos) return false;
    op = text_[0];
    text_.remove_prefix(1);
    return true;
  }

  Value sum(int depth) {
    Value value = product(depth);
    for (char op; one_of("+-", op);) value = apply(value, op, product(depth));
    return value;
  }
  Value product(int depth) {
    Value value = atom(depth);
    for (char op; one_of("*/%", op);) value = apply(value, op, atom(depth));
    return value;
  }
  Value atom(int depth) {
    if (depth > kMostDepth) return std::nullopt;
    char op;
    if (one_of("-", op)) return apply(0, '-', atom(depth + 1));
    if (one_of("(", op)) {
      const Value value = sum(depth + 1);
      return one_of(")", op) ? value : std::nullopt;
    }
    std::size_t n = 0;
    const auto is_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    while (n < text_.size() && is_word(text_[n])) ++n;
    const std::string_view word = text_.substr(0, n);
    text_.remove_prefix(n);
    if (word.empty()) return std::nullopt;
    return word[0] >= '0' && word[0] <= '9' ? number(word) : number(variable_(std::string(word)));
  }

  std::string_view text_;
  const std::function<std::string(const std::string&)>& variable_;
};

}  // namespace

std::optional<std::int64_t> integer_expression(std::string_view text,
                                               const std::function<std::string(const std::string&)>& variable) {
  return Parser(text, variable).parse();
}

}  // namespace orrery::interop
