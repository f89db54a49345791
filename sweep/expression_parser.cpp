#include "sweep/expression_parser.h"

#include <algorithm>

#include "sim/base/read/quantity.h"

namespace orrery::sweep {
namespace {

using Stop = ExpressionFault;

constexpr int kMostDepth = 64;
constexpr std::size_t kLongest = 4096;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

// Recursive descent, a function a rule of the grammar.
class Descent {
 public:
  using Tree = ExpressionParser::Tree;
  using Branch = std::shared_ptr<const Tree>;

  explicit Descent(std::string_view text) : text_(text) {}

  Branch parse() {
    if (text_.size() > kLongest) throw Stop{"is longer than " + std::to_string(kLongest) + " characters"};
    Branch all = any_of();
    skip_space();
    if (at_ < text_.size()) throw Stop{"is not understood from " + in_quotes(text_.substr(at_)) + " on"};
    return all;
  }
  std::vector<std::string> names() && { return std::move(names_); }

 private:
  Branch any_of() {
    const Depth depth(*this);
    Branch left = all_of();
    while (word("or") || symbol("||")) left = binary("or", left, all_of());
    return left;
  }
  Branch all_of() {
    Branch left = negated();
    while (word("and") || symbol("&&")) left = binary("and", left, negated());
    return left;
  }
  Branch negated() {
    const Depth depth(*this);
    if (!word("not") && !(peek() == '!' && peek(1) != '=' && symbol("!"))) return compared();
    auto node = std::make_shared<Tree>();
    node->kind = Tree::Kind::logical_not;
    node->left = negated();
    return node;
  }
  Branch compared() {
    Branch left = sum();
    for (const char* op : {"==", "!=", "<=", ">=", "<", ">"})
      if (symbol(op)) return binary(op, left, sum());
    if (peek() == '=') throw Stop{"has a single '='; equality is '=='"};
    return left;
  }
  Branch sum() {
    Branch left = product();
    for (;;) {
      if (symbol("+"))
        left = binary("+", left, product());
      else if (symbol("-"))
        left = binary("-", left, product());
      else
        return left;
    }
  }
  Branch product() {
    Branch left = sign();
    for (;;) {
      if (symbol("*"))
        left = binary("*", left, sign());
      else if (symbol("/"))
        left = binary("/", left, sign());
      else if (symbol("%"))
        left = binary("%", left, sign());
      else
        return left;
    }
  }
  Branch sign() {
    const Depth depth(*this);
    if (!symbol("-")) return atom();
    auto node = std::make_shared<Tree>();
    node->kind = Tree::Kind::negative;
    node->left = sign();
    return node;
  }
  Branch atom() {
    skip_space();
    if (symbol("(")) {
      Branch inner = any_of();
      if (!symbol(")")) throw Stop{"lacks a ')'"};
      return inner;
    }
    const char c = peek();
    if (c == '\'' || c == '"') return text_in(c);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_letter(c)) return name();
    if (c == '\0') throw Stop{"ends where a value is due"};
    throw Stop{"has " + in_quotes(text_.substr(at_, 1)) + " where a value is due"};
  }

  Branch text_in(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) throw Stop{"has a text without its closing quote"};
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return constant(std::string(inner));
  }

  // A number with what stands right behind it: 0.4, 1e-3, 4k, 80GiB, 400Gb/s.
  Branch number() {
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.' || text_[end] == '_')) ++end;
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (exponent < text_.size() && is_digit(text_[exponent])) {
        while (exponent < text_.size() && is_digit(text_[exponent])) ++exponent;
        end = exponent;
      }
    }
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::string_view written = text_.substr(at_, end - at_);
    at_ = end;
    return constant(value_of(written));
  }

  static double value_of(std::string_view written) {
    if (const auto plain = parse_number(written, {})) return *plain;
    if (const auto count = parse_count(written, {})) return static_cast<double>(*count);
    if (const auto bytes = parse_bytes(written, {})) return static_cast<double>(bytes->n);
    if (const auto time = parse_duration(written, {})) return time->seconds();
    throw Stop{"has " + in_quotes(written) + ", which is no number"};
  }

  Branch name() {
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '.')) ++end;
    const std::string found(text_.substr(at_, end - at_));
    at_ = end;
    if (found == "true" || found == "false") return constant(found == "true");
    if (found == "and" || found == "or" || found == "not")
      throw Stop{"has " + in_quotes(found) + " where a value is due"};
    if (std::find(names_.begin(), names_.end(), found) == names_.end()) names_.push_back(found);
    auto node = std::make_shared<Tree>();
    node->kind = Tree::Kind::name;
    node->text = found;
    return node;
  }

  static Branch constant(Value value) {
    auto node = std::make_shared<Tree>();
    node->value = std::move(value);
    return node;
  }
  static Branch binary(const char* op, Branch left, Branch right) {
    auto node = std::make_shared<Tree>();
    node->kind = Tree::Kind::binary;
    node->text = op;
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  char peek(std::size_t ahead = 0) {
    skip_space();
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool symbol(std::string_view what) {
    skip_space();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  bool word(std::string_view what) {
    skip_space();
    const std::size_t end = at_ + what.size();
    if (!text_.substr(at_).starts_with(what)) return false;
    if (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '.')) return false;
    at_ = end;
    return true;
  }

  // Hostile text must not use up the stack.
  struct Depth {
    explicit Depth(Descent& p) : parser(p) {
      if (++parser.depth_ > kMostDepth) throw Stop{"is nested too deep"};
    }
    ~Depth() { --parser.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Descent& parser;
  };

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<std::string> names_;
};

}  // namespace

ParsedExpression ExpressionParser::parse(std::string_view text) {
  Descent descent(text);
  std::shared_ptr<const Tree> root = descent.parse();
  return {std::move(root), std::move(descent).names()};
}

}  // namespace orrery::sweep
