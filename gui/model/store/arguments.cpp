#include "gui/model/store/arguments.h"

#include <charconv>
#include <cstring>

#include "gui/model/store/hash_text.h"

namespace orrery::gui {
namespace {

enum class Type : std::uint8_t { integer, real, boolean, text };

void put(std::string& out, const void* bytes, std::size_t size) {
  out.append(static_cast<const char*>(bytes), size);
}

template <class T>
T take(std::string_view& in) {
  T value{};
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return value;
}

std::string shortest(double value) {
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

}  // namespace

Arguments::Arguments() : starts_{0, 0} {}

std::uint32_t Arguments::key_id(std::string_view key) {
  const auto next = static_cast<std::uint32_t>(keys_.size());
  const std::uint32_t id =
      key_index_.find_or_add(hash_text(key), next, [&](std::uint32_t other) { return keys_[other] == key; });
  if (id == next) keys_.emplace_back(key);
  return id;
}

void Arguments::pack(const interop::TraceArgument& argument) {
  const auto head = [&](Type type) {
    const std::uint32_t key = key_id(argument.key);
    put(scratch_, &key, sizeof key);
    put(scratch_, &type, sizeof type);
  };
  const auto text = [&](std::string_view value) {
    head(Type::text);
    const auto size = static_cast<std::uint32_t>(value.size());
    put(scratch_, &size, sizeof size);
    put(scratch_, value.data(), value.size());
  };
  if (const auto* n = std::get_if<std::int64_t>(&argument.value)) {
    head(Type::integer), put(scratch_, n, sizeof *n);
  } else if (const auto* x = std::get_if<double>(&argument.value)) {
    head(Type::real), put(scratch_, x, sizeof *x);
  } else if (const auto* flag = std::get_if<bool>(&argument.value)) {
    head(Type::boolean), put(scratch_, flag, sizeof *flag);
  } else if (const auto* json = std::get_if<interop::TraceJson>(&argument.value)) {
    text(json->text);
  } else {
    text(std::get<std::string_view>(argument.value));
  }
}

std::string_view Arguments::packed(ListId id) const {
  return std::string_view(packed_).substr(starts_[id], starts_[id + 1] - starts_[id]);
}

Arguments::ListId Arguments::add(std::span<const interop::TraceArgument> arguments) {
  if (arguments.empty()) return 0;
  scratch_.clear();
  for (const interop::TraceArgument& argument : arguments) pack(argument);
  if (packed_.size() + scratch_.size() > kMostBytes) return ++dropped_, 0;

  const auto next = static_cast<ListId>(starts_.size() - 1);
  const ListId id =
      index_.find_or_add(hash_text(scratch_), next, [&](ListId other) { return packed(other) == scratch_; });
  if (id == next) {
    packed_ += scratch_;
    starts_.push_back(packed_.size());
  }
  return id;
}

std::vector<Arguments::Argument> Arguments::list(ListId id) const {
  std::vector<Argument> all;
  for (std::string_view in = packed(id); !in.empty();) {
    Argument argument;
    argument.key = keys_[take<std::uint32_t>(in)];
    switch (take<Type>(in)) {
      case Type::integer:
        argument.number = take<std::int64_t>(in);
        argument.is_number = true;
        argument.value = std::to_string(argument.number);
        break;
      case Type::real:
        argument.value = shortest(take<double>(in));
        break;
      case Type::boolean:
        argument.value = take<bool>(in) ? "true" : "false";
        break;
      case Type::text: {
        const auto size = take<std::uint32_t>(in);
        argument.value = in.substr(0, size);
        in.remove_prefix(size);
      }
    }
    all.push_back(std::move(argument));
  }
  return all;
}

}  // namespace orrery::gui
