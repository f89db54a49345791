#include "gui/model/result/field.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace orrery::gui {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepest = 16;

Field field_of(const Json& value, int depth) {
  Field field;
  if (value.is_number() && std::isfinite(value.get<double>())) field.number = value.get<double>();
  if (value.is_string()) field.text = value.get<std::string>();
  if (depth == kDeepest) return field;
  if (value.is_array())
    for (const Json& item : value) field.items.push_back(field_of(item, depth + 1));
  if (value.is_object())
    for (const auto& [key, member] : value.items()) field.members.push_back({key, field_of(member, depth + 1)});
  return field;
}

const Field& find(const Field& at, const std::string& key) {
  static const Field none;
  for (const auto& [name, member] : at.members)
    if (name == key) return member;
  return none;
}

}  // namespace

std::optional<Field> Field::parse(const std::string& json) {
  const Json document = Json::parse(json, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return field_of(document, 0);
}

std::optional<double> number(const Field& at, const std::string& key) {
  return find(at, key).number;
}

std::string text(const Field& at, const std::string& key) {
  return find(at, key).text.value_or("");
}

const Field& object(const Field& at, const std::string& key) {
  return find(at, key);
}

const std::vector<Field>& list(const Field& at, const std::string& key) {
  return find(at, key).items;
}

std::vector<std::string> texts(const Field& at, const std::string& key) {
  std::vector<std::string> found;
  for (const Field& item : list(at, key))
    if (item.text) found.push_back(*item.text);
  return found;
}

std::string quantity(const Field& at, const std::string& key, Unit unit) {
  const auto value = number(at, key);
  return value ? quantity(*value, unit) : std::string();
}

}  // namespace orrery::gui
