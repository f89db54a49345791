#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/read/document.h"

namespace orrery::interop {

// What a foreign file says, by name, and which of it somebody has asked for: what
// nobody asks for is told at the end.
class Settings {
 public:
  void put(std::string name, std::string value, const Where& where);  // the last one stands
  void put_all(const Node& map, const std::string& prefix = "");      // "model.num_layers", scalars only

  bool has(std::string_view name) const;
  std::optional<std::string> text(std::string_view name);
  // Whole numbers as such files write them, "5e8" too; a value that is none goes to `faults`.
  std::optional<std::int64_t> count(std::string_view name);
  std::optional<double> number(std::string_view name);
  // An option that stands alone, or is true in any spelling.
  bool flag(std::string_view name);
  Where where(std::string_view name) const;

  // Asked for nothing, in the order of their names.
  std::vector<std::string> unread() const;
  const Errors& faults() const { return faults_; }
  void fail(std::string_view name, const std::string& what);

 private:
  struct Entry {
    std::string value;
    Where where;
    bool read = false;
  };
  Entry* find(std::string_view name);

  std::map<std::string, Entry, std::less<>> entries_;
  Errors faults_;
};

}  // namespace orrery::interop
