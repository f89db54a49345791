#include "interop/import/settings.h"

#include <charconv>
#include <cmath>

namespace orrery::interop {
namespace {

// Decimal, in any of the notations that Python and bash write.
std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = fault == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool is_nothing(std::string_view text) {
  return text == "null" || text == "None" || text == "none" || text == "~";
}

}  // namespace

void Settings::put(std::string name, std::string value, const Where& where) {
  entries_[std::move(name)] = {std::move(value), where, false};
}

void Settings::put_all(const Node& map, const std::string& prefix) {
  for (const Node::Entry& entry : map.entries) {
    if (entry.value.is_map())
      put_all(entry.value, prefix + entry.key + ".");
    else if (entry.value.is_scalar() && !(is_nothing(entry.value.text) && !entry.value.quoted))
      put(prefix + entry.key, entry.value.text, entry.value.where);
  }
}

Settings::Entry* Settings::find(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  found->second.read = true;
  return &found->second;
}

bool Settings::has(std::string_view name) const {
  return entries_.find(name) != entries_.end();
}

std::optional<std::string> Settings::text(std::string_view name) {
  const Entry* entry = find(name);
  return entry ? std::optional(entry->value) : std::nullopt;
}

std::optional<std::int64_t> Settings::count(std::string_view name) {
  const std::optional<double> value = number(name);
  if (!value) return std::nullopt;
  if (*value == std::floor(*value) && std::fabs(*value) < 9e15) return static_cast<std::int64_t>(*value);
  fail(name, "is " + find(name)->value + ", not a whole number");
  return std::nullopt;
}

std::optional<double> Settings::number(std::string_view name) {
  const Entry* entry = find(name);
  if (!entry) return std::nullopt;
  const std::optional<double> value = decimal(entry->value);
  if (value) return value;
  const bool open = entry->value.find('$') != std::string::npos;
  fail(name, "is '" + entry->value.substr(0, 80) + "', " + (open ? "which the file does not resolve" : "not a number"));
  return std::nullopt;
}

bool Settings::flag(std::string_view name) {
  const Entry* entry = find(name);
  if (!entry) return false;
  const std::string& value = entry->value;
  return value.empty() || value == "true" || value == "True" || value == "1" || value == "yes" || value == "on";
}

Where Settings::where(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? Where{} : found->second.where;
}

std::vector<std::string> Settings::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_)
    if (!entry.read) names.push_back(name);
  return names;
}

void Settings::fail(std::string_view name, const std::string& what) {
  faults_.push_back({where(name), "'" + std::string(name) + "' " + what});
}

}  // namespace orrery::interop
