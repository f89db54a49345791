#include "interop/trace/read/stored_arguments.h"

namespace orrery::interop {
namespace {

std::size_t keep(std::string& place, std::string_view text) {
  const std::size_t grown = text.size() > place.capacity() ? text.size() - place.capacity() : 0;
  place = text;
  return grown;
}

}  // namespace

std::size_t StoredArguments::store(std::span<const TraceArgument> arguments) {
  std::size_t grown = 0;
  count_ = arguments.size();
  if (stored_.size() < count_) {
    grown += (count_ - stored_.size()) * sizeof(Stored);
    stored_.resize(count_);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    Stored& stored = stored_[i];
    grown += keep(stored.key, arguments[i].key);
    stored.value = arguments[i].value;
    if (const auto* text = std::get_if<std::string_view>(&arguments[i].value)) grown += keep(stored.text, *text);
    if (const auto* json = std::get_if<TraceJson>(&arguments[i].value)) grown += keep(stored.text, json->text);
  }
  return grown;
}

void StoredArguments::view(std::vector<TraceArgument>& to) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const Stored& stored = stored_[i];
    TraceArgument argument{stored.key, stored.value};
    if (std::holds_alternative<std::string_view>(stored.value)) argument.value = std::string_view(stored.text);
    if (std::holds_alternative<TraceJson>(stored.value)) argument.value = TraceJson{stored.text};
    to.push_back(argument);
  }
}

}  // namespace orrery::interop
