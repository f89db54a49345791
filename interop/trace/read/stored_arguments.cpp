#include "interop/trace/read/stored_arguments.h"

namespace orrery::interop {
namespace {

std::string_view text_of(const TraceArgument& argument) {
  if (const auto* text = std::get_if<std::string_view>(&argument.value)) return *text;
  if (const auto* json = std::get_if<TraceJson>(&argument.value)) return json->text;
  return {};
}

}  // namespace

std::string_view StoredArguments::keep(std::string_view text) {
  const std::size_t at = texts_.size();
  texts_.insert(texts_.end(), text.begin(), text.end());
  return {texts_.data() + at, text.size()};
}

std::size_t StoredArguments::store(TraceArguments arguments) {
  if (arguments.version != 0 && arguments.version == version_) return 0;
  version_ = arguments.version;
  const std::size_t before = texts_.capacity() + stored_.capacity() * sizeof(TraceArgument);
  std::size_t bytes = 0;
  for (const TraceArgument& argument : arguments.all) bytes += argument.key.size() + text_of(argument).size();
  texts_.clear();
  texts_.reserve(bytes);  // so that it does not move below
  stored_.assign(arguments.all.begin(), arguments.all.end());
  for (TraceArgument& argument : stored_) {
    argument.key = keep(argument.key);
    if (auto* text = std::get_if<std::string_view>(&argument.value)) *text = keep(*text);
    if (auto* json = std::get_if<TraceJson>(&argument.value)) json->text = keep(json->text);
  }
  return texts_.capacity() + stored_.capacity() * sizeof(TraceArgument) - before;
}

}  // namespace orrery::interop
