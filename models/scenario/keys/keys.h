#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/read/document.h"
#include "sim/base/result.h"

namespace orrery::models {

// The one table of keys. Reading, docs/scenario.md and the JSON Schema all come
// from it, so that they cannot disagree.

struct Reading;

// How a value is written.
enum class Shape {
  count,     // 2048, 40Mi, 5e8
  number,    // 0.1
  flag,      // true, false
  text,      // anything
  choice,    // one of `values`
  counts,    // [4, 4, 4]
  section,   // a mapping with keys of its own, all in this table
  special,   // read by `read`, described by `schema`
  elsewhere  // read by topology/ (the cluster)
};

using Value = std::variant<std::int64_t, double, bool, std::string, std::vector<std::int64_t>>;

struct Key {
  std::string_view path;  // "training.sequence_length"
  Shape shape = Shape::section;
  std::string_view doc;
  std::string_view values = {};    // choice: the names, "a | b"; else how the value is described
  std::string_view fallback = {};  // what stands when nobody writes it; empty: nothing does
  bool computed = false;           // the fallback is a rule, applied after reading
  bool required = false;
  bool size = false;                   // a size or degree: no software preset may set it
  std::string_view supported = "all";  // "all", "none", or the values that can be run today, "a | b"
  double low = 0, high = 1e15;         // count, number
  void (*store)(Scenario&, const Value&) = nullptr;
  void (*read)(Reading&, const Key&, const Node&) = nullptr;
  std::string_view schema = {};  // special: JSON Schema of the value

  std::string_view section() const;  // "training"; empty at the top
  std::string_view name() const;     // "sequence_length"
};

std::span<const Key> all_keys();
std::span<const Key> keys_at_top();
std::span<const Key> keys_of_model();
std::span<const Key> keys_of_cluster();
std::span<const Key> keys_of_training();
std::span<const Key> keys_of_layout();
std::span<const Key> keys_of_pipeline();
std::span<const Key> keys_of_overlap();
std::span<const Key> keys_of_simulation();

const Key* find_key(std::string_view path);
const std::vector<const Key*>& keys_in(std::string_view section);

// How its value is written, for people: "a count, as 2048 or 40Mi".
std::string value_of(const Key& key);

// "a | b" as {"a", "b"}.
std::vector<std::string> split_values(std::string_view values);
// Where `value` stands among them, if it does.
std::optional<std::int64_t> place_among(std::string_view values, std::string_view value);

namespace detail {

template <class Field>
void assign(Field& field, const Value& value) {
  if constexpr (std::is_same_v<Field, bool>) {
    field = std::get<bool>(value);
  } else if constexpr (std::is_enum_v<Field> || std::is_integral_v<Field>) {
    field = static_cast<Field>(std::get<std::int64_t>(value));
  } else if constexpr (std::is_floating_point_v<Field>) {
    field = std::get<double>(value);
  } else if constexpr (std::is_same_v<Field, std::string>) {
    field = std::get<std::string>(value);
  } else {
    const auto& numbers = std::get<std::vector<std::int64_t>>(value);
    field.clear();
    for (const std::int64_t n : numbers) field.push_back(static_cast<int>(n));
  }
}

}  // namespace detail

// Puts a value into `scenario.*Part.*Field`. A choice arrives as the index of its
// name, which is the enumerator's value when the field is an enumeration.
template <auto Part, auto Field>
void store(Scenario& scenario, const Value& value) {
  detail::assign((scenario.*Part).*Field, value);
}
template <auto Field>
void store(Scenario& scenario, const Value& value) {
  detail::assign(scenario.*Field, value);
}

}  // namespace orrery::models
