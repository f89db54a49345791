#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/read/document.h"

namespace orrery::interop {

// A scenario that is being put together from a foreign file. The first to say a key
// has it; what was assumed keeps its reason, which is printed beside it.
class Draft {
 public:
  void set(std::string_view path, std::string value);  // YAML text, as the file has it
  void set(std::string_view path, std::int64_t value) { set(path, std::to_string(value)); }
  void set(std::string_view path, const Node& value);  // mappings key by key
  void assume(std::string_view path, std::string value, std::string why);
  void assume(std::string_view path, std::int64_t value, std::string why) {
    assume(path, std::to_string(value), std::move(why));
  }
  void unresolved(std::string what);
  // The table of layers that `model.layer_table` names, as CSV; empty: none.
  void set_table(std::string csv) { table_ = std::move(csv); }
  const std::string& table() const { return table_; }

  bool has(std::string_view path) const;  // the key or one below it
  std::string text(std::string_view path) const;
  std::int64_t count(std::string_view path, std::int64_t otherwise) const;

  std::size_t assumptions() const;
  const std::vector<std::string>& unresolved() const { return unresolved_; }

  // The scenario, headed by `origin` and what could not be resolved.
  std::string yaml(const std::string& origin) const;

 private:
  struct Value {
    std::string path, text, why;
  };
  const Value* find(std::string_view path) const;
  void print(const std::string& prefix, int indent, std::string& out) const;

  std::vector<Value> values_;
  std::vector<std::string> unresolved_;
  std::string table_;
};

// Text as a YAML scalar, in quotes where it needs them.
std::string yaml_text(const std::string& text);

}  // namespace orrery::interop
