#include "gui/model/store/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sim/hash_text.h"

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

// One of a packed list, which gets shorter by it.
struct Unpacked {
  Arguments::KeyId key = 0;
  Type type = Type::text;
  std::string_view bytes;  // of the value
};
Unpacked take_argument(std::string_view& in) {
  Unpacked one;
  one.key = take<Arguments::KeyId>(in);
  one.type = take<Type>(in);
  constexpr std::size_t kSizes[] = {sizeof(std::int64_t), sizeof(double), sizeof(bool)};
  const std::size_t size = one.type == Type::text ? take<std::uint32_t>(in) : kSizes[static_cast<int>(one.type)];
  one.bytes = in.substr(0, size);
  in.remove_prefix(size);
  return one;
}

std::string shortest(double value) {
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string as_people_read(Unpacked one) {
  switch (one.type) {
    case Type::integer:
      return std::to_string(take<std::int64_t>(one.bytes));
    case Type::real:
      return shortest(take<double>(one.bytes));
    case Type::boolean:
      return take<bool>(one.bytes) ? "true" : "false";
    default:
      return std::string(one.bytes);
  }
}

}  // namespace

Arguments::Arguments() : starts_{0, 0} {}

Arguments::KeyId Arguments::key_id(std::string_view key, std::size_t place) {
  if (place >= last_keys_.size()) last_keys_.resize(place + 1, UINT32_MAX);
  KeyId& last = last_keys_[place];
  if (last < keys_.size() && keys_[last] == key) return last;
  const auto next = static_cast<KeyId>(keys_.size());
  last = key_index_.find_or_add(sim::hash_text(key), next, [&](KeyId other) { return keys_[other] == key; });
  if (last == next) keys_.emplace_back(key);
  return last;
}

void Arguments::pack(const interop::TraceArgument& argument, std::size_t place) {
  const KeyId key = key_id(argument.key, place);
  const auto head = [&](Type type) {
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
  for (std::size_t i = 0; i < arguments.size(); ++i) pack(arguments[i], i);
  if (packed_.size() + scratch_.size() > kMostBytes) return ++dropped_, 0;
  const ListId next = size();
  const ListId id =
      index_.find_or_add(sim::hash_text(scratch_), next, [&](ListId other) { return packed(other) == scratch_; });
  if (id != next) return id;
  packed_ += scratch_;
  starts_.push_back(packed_.size());
  return id;
}

void Arguments::forget_index() {
  index_ = key_index_ = sim::HashIndex();
  last_keys_ = {};
  scratch_ = {};
}

std::vector<Arguments::Argument> Arguments::list(ListId id) const {
  std::vector<Argument> all;
  for (std::string_view in = packed(id); !in.empty();) {
    const Unpacked one = take_argument(in);
    Argument argument{keys_[one.key], as_people_read(one), 0, one.type == Type::integer};
    if (std::string_view bytes = one.bytes; argument.is_number) argument.number = take<std::int64_t>(bytes);
    all.push_back(std::move(argument));
  }
  return all;
}

std::optional<Arguments::KeyId> Arguments::key(std::string_view name) const {
  const auto found = std::find(keys_.begin(), keys_.end(), name);
  if (found == keys_.end()) return std::nullopt;
  return static_cast<KeyId>(found - keys_.begin());
}

std::optional<std::int64_t> Arguments::number(ListId id, KeyId key) const {
  std::optional<std::int64_t> number;
  for (std::string_view in = packed(id); !in.empty();) {
    Unpacked one = take_argument(in);
    if (one.key == key && one.type == Type::integer) number = take<std::int64_t>(one.bytes);
  }
  return number;
}

}  // namespace orrery::gui
