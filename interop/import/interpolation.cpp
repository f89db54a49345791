#include "interop/import/interpolation.h"

#include <charconv>
#include <optional>

namespace orrery::interop {
namespace {

constexpr int kMostDepth = 16;  // a reference to a reference …; more is a circle
constexpr std::size_t kMostText = 4096;

std::optional<std::int64_t> number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

const Node* at_path(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node && !path.empty()) {
    const std::string_view key = path.substr(0, path.find('.'));
    node = node->find(key);
    path.remove_prefix(std::min(key.size() + 1, path.size()));
  }
  return node;
}

class Resolver {
 public:
  explicit Resolver(const Node& root) : root_(root) {}

  std::string resolve(std::string_view text, const std::string& path, int depth) {
    std::string out;
    while (!text.empty() && out.size() < kMostText) {
      const std::size_t begin = text.find("${");
      out += text.substr(0, begin);
      if (begin == std::string_view::npos) break;
      const std::size_t end = closing(text, begin);
      if (end == std::string_view::npos || depth > kMostDepth || ++steps_ > 1000) return out.append(text.substr(begin));
      out += one(text.substr(begin + 2, end - begin - 2), path, depth)
                 .value_or(std::string(text.substr(begin, end + 1 - begin)));
      text.remove_prefix(end + 1);
    }
    return out;
  }

 private:
  static std::size_t closing(std::string_view text, std::size_t begin) {
    int depth = 0;
    for (std::size_t i = begin; i < text.size(); ++i) {
      if (text[i] == '{') ++depth;
      if (text[i] == '}' && --depth == 0) return i;
    }
    return std::string_view::npos;
  }

  std::optional<std::string> one(std::string_view inside, const std::string& path, int depth) {
    const std::size_t colon = inside.find(':');
    if (colon != std::string_view::npos)
      return function(inside.substr(0, colon), inside.substr(colon + 1), path, depth);
    std::string target(inside);
    if (target.starts_with('.'))
      target = path.substr(0, path.rfind('.') == std::string::npos ? 0 : path.rfind('.')) + target;
    const Node* node = at_path(root_, target);
    if (!node && target.starts_with("training.")) node = at_path(root_, target = target.substr(9));
    if (!node || !node->is_scalar()) return std::nullopt;
    std::string value = resolve(node->text, target, depth + 1);
    return value.find("${") == std::string::npos ? std::optional(value) : std::nullopt;
  }

  std::optional<std::string> function(std::string_view name, std::string_view arguments, const std::string& path,
                                      int depth) {
    const std::string both = resolve(arguments, path, depth + 1);
    const std::size_t comma = both.find(',');
    if (comma == std::string::npos) return std::nullopt;
    const auto a = number(std::string_view(both).substr(0, comma)),
               b = number(std::string_view(both).substr(comma + 1));
    if (!a || !b || *a < 0 || *b < 1 || *a > (1LL << 31) || *b > (1LL << 31)) return std::nullopt;
    if (name == "multiply") return std::to_string(*a * *b);
    if (name == "divide_ceil") return std::to_string((*a + *b - 1) / *b);
    if (name == "divide_floor") return std::to_string(*a / *b);
    return std::nullopt;
  }

  const Node& root_;
  int steps_ = 0;
};

}  // namespace

std::string interpolate(std::string_view value, const std::string& path, const Node& root) {
  return Resolver(root).resolve(value, path, 0);
}

}  // namespace orrery::interop
