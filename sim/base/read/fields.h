#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/read/document.h"
#include "sim/base/read/quantity.h"

namespace orrery {

// Reads a mapping strictly: every key is asked for by name and type, what nobody
// asked for is unknown, and every fault goes to one list with its place.
//
//   Fields f(node, "fabric", errors);
//   if (auto link = f.bandwidth("link")) spec.link = *link;
//   f.finish();   // unknown keys, with suggestions
//
// A getter returns nothing when the key is absent, null or wrong; `wrong` has
// been recorded by then, so callers only act on what they get.
class Fields {
 public:
  // `node` should be a mapping; if it is not, that is recorded and every key is absent.
  Fields(const Node& node, std::string name, Errors& errors);

  bool has(std::string_view key) const;    // present and not null; does not count as read
  const Node* node(std::string_view key);  // the raw value; null when absent
  Where at(std::string_view key) const;    // the value's place, else the mapping's
  const std::string& name() const { return name_; }

  std::optional<std::string> text(std::string_view key);
  std::optional<std::string> choice(std::string_view key, std::initializer_list<std::string_view> values);
  std::optional<std::int64_t> count(std::string_view key, std::int64_t low = 0, std::int64_t high = INT64_MAX);
  std::optional<double> number(std::string_view key, double low = 0, double high = 1e300);
  std::optional<bool> flag(std::string_view key);
  std::optional<Bytes> bytes(std::string_view key);
  std::optional<BytesPerSecond> bandwidth(std::string_view key);
  std::optional<FlopsPerSecond> flop_rate(std::string_view key);
  std::optional<Watts> power(std::string_view key);
  std::optional<Duration> duration(std::string_view key);

  void require(std::initializer_list<std::string_view> keys);  // an error for each that is absent
  void fail(std::string_view key, const std::string& what, Fault fault = Fault::input);
  void unsupported(std::string_view key);  // "name.key is not supported yet", when present

  // Reports keys that were never asked for.
  void finish();

 private:
  const Node* scalar(std::string_view key, std::string_view what);
  template <class T>
  std::optional<T> take(const Result<T>& parsed, std::string_view key);

  const Node& node_;
  std::string name_;
  Errors& errors_;
  std::vector<std::string> asked_;
};

// "a scalar", "a list", "a mapping", "nothing": for messages.
std::string_view describe(const Node& node);

}  // namespace orrery
