#include "interop/import/bash/expand.h"

#include <algorithm>

#include "interop/import/bash/arithmetic.h"
#include "interop/import/bash/words.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMostText = 1u << 16;       // of one expanded word
constexpr std::size_t kMostNesting = 64;          // of ${A:-${B:-…}}
constexpr std::size_t kMostExpanded = 16u << 20;  // of a whole script

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A default keeps its quotes until it is used: ${1:-"MOCK"}.
std::string without_quotes(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '"');
  return plain;
}

std::size_t matching(std::string_view text, std::size_t at, char open, char shut) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == open) ++depth;
    if (text[at] == shut && --depth == 0) return at;
  }
  return text.size() - 1;
}

}  // namespace

std::size_t name_length(std::string_view text) {
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') return 0;
  std::size_t n = 0;
  while (n < text.size() && is_name_char(text[n])) ++n;
  return n;
}

std::string BashExpander::expand(std::string_view text) {
  return expand(text, 0);
}

bool BashExpander::spend(std::size_t bytes) {
  if (spent_ >= kMostExpanded) return false;
  spent_ += bytes;
  return true;
}

std::string BashExpander::expand(std::string_view text, std::size_t depth) {
  std::string out;
  while (!text.empty() && out.size() < kMostText && spent_ < kMostExpanded) {
    if (text[0] == '$') {
      text.remove_prefix(expand_one(text, out, depth));
    } else {
      out += text[0] == kPlainDollar ? '$' : text[0];
      text.remove_prefix(1);
    }
  }
  spent_ += out.size();
  return out;
}

// Expands what begins with `$`; says how much of `text` it was.
std::size_t BashExpander::expand_one(std::string_view text, std::string& out, std::size_t depth) {
  if (text.starts_with("$((")) return arithmetic(text, out, depth);
  if (text.starts_with("${")) return braces(text, out, depth);
  const std::size_t n = name_length(text.substr(1));
  if (n == 0) return out += '$', 1;
  put_variable(std::string(text.substr(1, n)), text.substr(0, n + 1), out);
  return n + 1;
}

void BashExpander::put_variable(const std::string& name, std::string_view as_written, std::string& out) {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return void(out += as_written);
  for (std::size_t i = 0; i < found->second.size() && out.size() < kMostText; ++i)
    out += (i ? " " : "") + found->second[i].text;
}

// ${NAME}, ${NAME:-default}; everything else stays as it is.
std::size_t BashExpander::braces(std::string_view text, std::string& out, std::size_t depth) {
  const std::size_t end = matching(text, 1, '{', '}');
  const std::string_view inside = text.substr(2, end - 2);
  const std::size_t n = name_length(inside);
  const std::string_view rest = inside.substr(n);
  const bool known = n > 0 && variables_.count(std::string(inside.substr(0, n))) > 0;
  const bool has_default = rest.starts_with(":-") || rest.starts_with(":=");
  if (known && (rest.empty() || has_default || rest == "[@]" || rest == "[*]"))
    put_variable(std::string(inside.substr(0, n)), text.substr(0, end + 1), out);
  else if (has_default && depth < kMostNesting)
    out += expand(without_quotes(rest.substr(2)), depth + 1);
  else if (n == 0 && inside.find(":-") != std::string_view::npos && depth < kMostNesting)
    out +=
        expand(without_quotes(inside.substr(inside.find(":-") + 2)), depth + 1);  // ${1:-…}: called without arguments
  else
    out += text.substr(0, end + 1);
  return std::min(end + 1, text.size());
}

std::size_t BashExpander::arithmetic(std::string_view text, std::string& out, std::size_t depth) {
  const std::size_t end = matching(text, 1, '(', ')');
  const std::string_view inside = text.substr(3, end > 4 ? end - 4 : 0);
  const std::string whole = depth < kMostNesting ? expand(inside, depth + 1) : std::string(inside);
  const auto value = integer_expression(whole, [&](const std::string& name) {
    const auto found = variables_.find(name);
    return found == variables_.end() || found->second.empty() ? std::string() : found->second.front().text;
  });
  if (value)
    out += std::to_string(*value);
  else
    out += text.substr(0, end + 1);
  return std::min(end + 1, text.size());
}

}  // namespace orrery::interop
