#include "models/scenario/reading.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/base/read/quantity.h"
#include "sim/base/read/suggest.h"

namespace orrery::models {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, end};
}

// "at least 1" or "at most 3".
std::string bound_text(const Key& key, double value) {
  return value < key.low ? "at least " + number_text(key.low) : "at most " + number_text(key.high);
}

template <class T>
std::optional<T> take(Reading& reading, const Key& key, const Result<T>& parsed) {
  if (parsed) return *parsed;
  for (const Error& error : parsed.errors()) reading.fail(error.where, quote(key.name()) + ": " + error.what);
  return std::nullopt;
}

std::optional<std::int64_t> count_value(Reading& reading, const Key& key, const Node& node) {
  const auto value = take(reading, key, parse_count(node.text, node.where));
  if (!value) return std::nullopt;
  const auto real = static_cast<double>(*value);
  if (real >= key.low && real <= key.high) return value;
  reading.fail(node.where,
               quote(key.name()) + " is " + std::to_string(*value) + ", but must be " + bound_text(key, real));
  return std::nullopt;
}

std::optional<double> number_value(Reading& reading, const Key& key, const Node& node) {
  const auto value = take(reading, key, parse_number(node.text, node.where));
  if (!value || (*value >= key.low && *value <= key.high)) return value;
  reading.fail(node.where,
               quote(key.name()) + " is " + number_text(*value) + ", but must be " + bound_text(key, *value));
  return std::nullopt;
}

std::optional<std::int64_t> choice_index(Reading& reading, const Key& key, const Node& node) {
  if (const auto place = place_among(key.values, node.text)) return place;
  const std::vector<std::string> names = split_values(key.values);
  reading.fail(node.where, quote(key.name()) + " is " + quote(node.text) + "; known are " + list_of(names) +
                               did_you_mean(node.text, names));
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> counts_value(Reading& reading, const Key& key, const Node& node) {
  std::vector<std::int64_t> numbers;
  for (const Node& item : node.items) {
    if (!item.is_scalar()) {
      reading.fail(item.where,
                   quote(key.name()) + " must list whole numbers, but holds " + std::string(describe(item)));
      return std::nullopt;
    }
    const auto value = count_value(reading, key, item);
    if (!value) return std::nullopt;
    numbers.push_back(*value);
  }
  return numbers;
}

std::string_view shape_name(Shape shape) {
  switch (shape) {
    case Shape::count:
      return "a whole number";
    case Shape::number:
      return "a number";
    case Shape::flag:
      return "true or false";
    case Shape::text:
      return "text";
    case Shape::choice:
      return "a name";
    case Shape::counts:
      return "a list of whole numbers";
    default:
      return "a mapping";
  }
}

// The value in the type its key asks for; faults are recorded.
std::optional<Value> typed(Reading& reading, const Key& key, const Node& node) {
  const bool fits = key.shape == Shape::counts ? node.is_list() : node.is_scalar();
  if (!fits) {
    reading.fail(node.where, quote(key.name()) + " must be " + std::string(shape_name(key.shape)) + ", but is " +
                                 std::string(describe(node)));
    return std::nullopt;
  }
  const auto lift = [](auto value) -> std::optional<Value> {
    if (!value) return std::nullopt;
    return Value(std::move(*value));
  };
  switch (key.shape) {
    case Shape::count:
      return lift(count_value(reading, key, node));
    case Shape::number:
      return lift(number_value(reading, key, node));
    case Shape::flag:
      return lift(take(reading, key, parse_bool(node.text, node.where)));
    case Shape::counts:
      return lift(counts_value(reading, key, node));
    case Shape::choice:
      return lift(choice_index(reading, key, node));
    default:
      return Value(node.text);
  }
}

// A choice whose field is text keeps its name instead of its index.
void store_value(Reading& reading, const Key& key, const Node& node, const Value& value) {
  if (!key.store) return;
  const bool named = key.path == "layout.fsdp";
  key.store(reading.scenario, named ? Value(node.text) : value);
}

void refuse_unsupported(Reading& reading, const Key& key, const Node& node) {
  if (key.supported == "all") return;
  const std::string path(key.path);
  if (key.supported == "none") return reading.not_yet(node.where, quote(path));
  if (!node.is_scalar()) return reading.not_yet(node.where, quote(path) + " in this form");
  if (!place_among(key.supported, node.text)) reading.not_yet(node.where, quote(path + ": " + node.text));
}

void read_key(Reading& reading, const Key& key, const Node& node) {
  const std::size_t faults = reading.errors.size();
  if (key.shape == Shape::section) {
    if (key.section().empty()) return;
    read_section(reading, key.path, node);
  } else if (key.shape == Shape::special) {
    if (key.read) key.read(reading, key, node);
  } else if (const auto value = typed(reading, key, node)) {
    store_value(reading, key, node, *value);
  }
  if (reading.errors.size() == faults)
    refuse_unsupported(reading, key, node);
  else
    reading.broken.emplace(key.path);
}

// Is a default news? Not when the mechanism it belongs to is not in use, and not
// in the shape of a named model, whose file is its source.
bool matters(const Reading& reading, const Key& key) {
  const Scenario& scenario = reading.scenario;
  if (key.section() == "model") return !reading.model_is_named && !key.fallback.starts_with("0");
  if (key.path == "layout.ep") return scenario.model.moe.has_value();
  if (key.path == "layout.cp_method") return scenario.layout.cp > 1;
  if (key.path == "layout.zero") return scenario.layout.fsdp.empty();
  if (key.path == "layout.optimizer_instances") return false;
  if (key.path == "pipeline.virtual_stages") return scenario.layout.pp > 1;
  if (key.path == "pipeline.optimizer_barrier") return scenario.pipeline.schedule.starts_with("zb");
  return true;
}

// Most fallbacks are single values; a parser for each would take longer than
// the scenario itself.
Node fallback_node(std::string_view text) {
  if (text.starts_with('['))
    return *remembered("fallback " + std::string(text), [&] { return parse_document(text, ""); });
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  return node;
}

// What stands when nobody wrote the key: read like a written value, so that the
// table's word and the program's deed are one.
void take_fallback(Reading& reading, const Key& key) {
  if (key.computed || key.fallback.empty()) return;
  const Node node = fallback_node(key.fallback);
  if (key.shape == Shape::special)
    key.read(reading, key, node);
  else if (const auto value = typed(reading, key, node))
    store_value(reading, key, node, *value);
  if (matters(reading, key)) reading.defaulted(key.path, key.fallback);
}

std::string dotted(std::string_view section, std::string_view name) {
  std::string path(section);
  if (!path.empty()) path += '.';
  return path.append(name);
}

// Of one of the section's keys; Key::name() would look for where it begins.
std::string_view name_in(std::string_view section, const Key& key) {
  return section.empty() ? key.path : key.path.substr(section.size() + 1);
}

// Tells an unknown key, with the section it belongs in or the nearest key here.
// The key that was probably meant counts as broken: its default is not what the
// person asked for.
void unknown_key(Reading& reading, std::string_view section, const Node::Entry& entry) {
  std::vector<std::string> near;
  for (const Key* key : keys_in(section)) near.emplace_back(key->name());
  std::string hint = did_you_mean(entry.key, near);
  std::string meant = dotted(section, nearest(entry.key, near));
  for (const Key& key : all_keys()) {
    if (key.name() != entry.key || key.section() == section) continue;
    hint = "; " + quote(entry.key) +
           (key.section().empty() ? " stands at the top level" : " belongs in " + quote(key.section()));
    meant = key.path;
    break;
  }
  reading.broken.insert(meant);
  reading.fail(entry.key_where,
               "unknown key " + quote(entry.key) + (section.empty() ? std::string() : " in " + quote(section)) + hint);
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out(1, '\'');
  out.append(text.substr(0, 100));
  return out += '\'';
}

std::string key_along(std::string key, const SearchPath& path) {
  for (const std::string& root : path.roots()) key.append("\n").append(root);
  return key;
}

bool Reading::knows(std::initializer_list<std::string_view> keys) const {
  for (const std::string_view key : keys)
    if (broken.contains(key) || broken.contains(key.substr(0, key.find('.')))) return false;
  return true;
}

void Reading::fail(const Where& where, std::string what, Fault fault) {
  Error error;
  error.where = where;
  error.what = std::move(what);
  error.fault = fault;
  errors.push_back(std::move(error));
}

void Reading::not_yet(const Where& where, const std::string& what) {
  Error error;
  error.where = where;
  error.what = what + " is not supported yet";
  error.fault = Fault::unsupported;
  scenario.not_supported_yet.push_back(std::move(error));
}

void Reading::defaulted(std::string_view key, std::string_view value, std::string_view by) {
  std::string line(key);
  line.append(" = ").append(value);
  if (!by.empty()) line.append(" (").append(by).append(")");
  scenario.defaults_used.push_back(std::move(line));
}

void read_section(Reading& reading, std::string_view section, const Node& node) {
  if (!node.is_map()) {
    reading.fail(node.where, quote(section.empty() ? "a scenario" : section) + " must be a mapping, but is " +
                                 std::string(describe(node)));
    reading.broken.emplace(section);
    return;
  }
  const std::vector<const Key*>& keys = keys_in(section);
  for (const Node::Entry& entry : node.entries) {
    const auto known =
        std::find_if(keys.begin(), keys.end(), [&](const Key* key) { return name_in(section, *key) == entry.key; });
    if (known == keys.end()) {
      unknown_key(reading, section, entry);
      continue;
    }
    if (entry.value.is_null()) {
      reading.fail(entry.key_where, quote(entry.key) + " has no value; write one, or leave the key out");
      reading.broken.emplace((*known)->path);
      continue;
    }
    reading.scenario.places[std::string((*known)->path)] = entry.value.where;
  }
  for (const Key* key : keys) {
    const Node* value = node.find(name_in(section, *key));
    if (value && !value->is_null()) {
      read_key(reading, *key, *value);
    } else if (value) {
      continue;  // complained about above
    } else if (key->required) {
      // A missing key whose misspelling was told already is not told again.
      const bool told = !reading.broken.emplace(key->path).second;
      if (!told)
        reading.fail(node.where,
                     (section.empty() ? std::string("the scenario") : quote(section)) + " needs " + quote(key->name()));
    } else {
      take_fallback(reading, *key);
    }
  }
}

}  // namespace orrery::models
