#include "sim/base/read/fields.h"

#include <algorithm>
#include <charconv>

#include "sim/base/read/suggest.h"

namespace orrery {
namespace {

std::string quoted(std::string_view text) {
  std::string out(1, '\'');
  out.append(text.substr(0, 80));
  return out += '\'';
}

std::string shortest(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, end};
}

}  // namespace

std::string_view describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "";
}

Fields::Fields(const Node& node, std::string name, Errors& errors)
    : node_(node), name_(std::move(name)), errors_(errors) {
  if (!node.is_map())
    errors_.push_back({node.where, quoted(name_) + " must be a mapping, but is " + std::string(describe(node))});
}

bool Fields::has(std::string_view key) const {
  const Node* found = node_.find(key);
  return found && !found->is_null();
}

const Node* Fields::node(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
  const Node* found = node_.find(key);
  return found && !found->is_null() ? found : nullptr;
}

Where Fields::at(std::string_view key) const {
  const Node* found = node_.find(key);
  return found ? found->where : node_.where;
}

const Node* Fields::scalar(std::string_view key, std::string_view what) {
  const Node* found = node(key);
  if (!found || found->is_scalar()) return found;
  fail(key, quoted(key) + " must be " + std::string(what) + ", but is " + std::string(describe(*found)));
  return nullptr;
}

template <class T>
std::optional<T> Fields::take(const Result<T>& parsed, std::string_view key) {
  if (parsed) return *parsed;
  for (Error error : parsed.errors()) {
    error.what = quoted(key) + ": " + error.what;
    errors_.push_back(std::move(error));
  }
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* found = scalar(key, "text");
  return found ? std::optional(found->text) : std::nullopt;
}

std::optional<std::string> Fields::choice(std::string_view key, std::initializer_list<std::string_view> values) {
  const Node* found = scalar(key, "a name");
  if (!found) return std::nullopt;
  if (std::find(values.begin(), values.end(), found->text) != values.end()) return found->text;
  const std::vector<std::string> known(values.begin(), values.end());
  std::string list;
  for (const std::string& value : known) list += (list.empty() ? "" : ", ") + value;
  fail(key, quoted(key) + " is " + quoted(found->text) + "; known are " + list + did_you_mean(found->text, known));
  return std::nullopt;
}

std::optional<std::int64_t> Fields::count(std::string_view key, std::int64_t low, std::int64_t high) {
  const Node* found = scalar(key, "a whole number");
  if (!found) return std::nullopt;
  const std::optional<std::int64_t> value = take(parse_count(found->text, found->where), key);
  if (!value || (*value >= low && *value <= high)) return value;
  const std::string bound = *value < low ? "at least " + std::to_string(low) : "at most " + std::to_string(high);
  fail(key, quoted(key) + " is " + std::to_string(*value) + ", but must be " + bound);
  return std::nullopt;
}

std::optional<double> Fields::number(std::string_view key, double low, double high) {
  const Node* found = scalar(key, "a number");
  if (!found) return std::nullopt;
  const std::optional<double> value = take(parse_number(found->text, found->where), key);
  if (!value || (*value >= low && *value <= high)) return value;
  const std::string bound = *value < low ? "at least " + shortest(low) : "at most " + shortest(high);
  fail(key, quoted(key) + " is " + shortest(*value) + ", but must be " + bound);
  return std::nullopt;
}

std::optional<bool> Fields::flag(std::string_view key) {
  const Node* found = scalar(key, "true or false");
  return found ? take(parse_bool(found->text, found->where), key) : std::nullopt;
}

std::optional<Bytes> Fields::bytes(std::string_view key) {
  const Node* found = scalar(key, "an amount of data");
  return found ? take(parse_bytes(found->text, found->where), key) : std::nullopt;
}

std::optional<BytesPerSecond> Fields::bandwidth(std::string_view key) {
  const Node* found = scalar(key, "a bandwidth");
  return found ? take(parse_bandwidth(found->text, found->where), key) : std::nullopt;
}

std::optional<FlopsPerSecond> Fields::flop_rate(std::string_view key) {
  const Node* found = scalar(key, "a rate of work");
  return found ? take(parse_flop_rate(found->text, found->where), key) : std::nullopt;
}

std::optional<Watts> Fields::power(std::string_view key) {
  const Node* found = scalar(key, "a power");
  return found ? take(parse_power(found->text, found->where), key) : std::nullopt;
}

std::optional<Duration> Fields::duration(std::string_view key) {
  const Node* found = scalar(key, "a duration");
  return found ? take(parse_duration(found->text, found->where), key) : std::nullopt;
}

void Fields::require(std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys)
    if (node_.is_map() && !has(key)) errors_.push_back({node_.where, quoted(name_) + " needs " + quoted(key)});
}

void Fields::fail(std::string_view key, const std::string& what, Fault fault) {
  errors_.push_back({at(key), what, fault});
}

void Fields::unsupported(std::string_view key) {
  if (node(key)) fail(key, quoted(name_ + '.' + std::string(key)) + " is not supported yet", Fault::unsupported);
}

void Fields::finish() {
  for (const Node::Entry& entry : node_.entries) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    errors_.push_back({entry.key_where,
                       "unknown key " + quoted(entry.key) + " in " + quoted(name_) + did_you_mean(entry.key, asked_)});
  }
}

}  // namespace orrery
