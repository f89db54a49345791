#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interop/trace/read/trace_visitor.h"
#include "sim/hash_index.h"

namespace orrery::gui {

// Arguments of events as they came, packed into one array and unpacked when someone
// asks; equal lists are kept once. Beyond kMostBytes nothing more is kept: dropped()
// tells of how many.
class Arguments {
 public:
  using ListId = std::uint32_t;  // 0: none
  using KeyId = std::uint32_t;
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20;

  struct Argument {
    std::string_view key;
    std::string value;        // as people read it
    std::int64_t number = 0;  // where it is a whole one
    bool is_number = false;
  };

  Arguments();

  ListId add(std::span<const interop::TraceArgument> arguments);
  // How many lists there are, with the empty one: a new one has this number.
  ListId size() const { return static_cast<ListId>(starts_.size() - 1); }

  std::vector<Argument> list(ListId id) const;
  // None where no list has such a key.
  std::optional<KeyId> key(std::string_view name) const;
  // The last whole number of that key.
  std::optional<std::int64_t> number(ListId id, KeyId key) const;

  std::uint64_t dropped() const { return dropped_; }
  std::size_t bytes() const { return packed_.capacity() + starts_.capacity() * sizeof(std::uint64_t); }
  // What only adding needs.
  void forget_index();

 private:
  KeyId key_id(std::string_view key, std::size_t place);
  void pack(const interop::TraceArgument& argument, std::size_t place);
  std::string_view packed(ListId id) const;

  std::vector<std::string> keys_;
  std::vector<std::uint64_t> starts_;  // of each list; one more at the end
  std::string packed_, scratch_;
  std::vector<KeyId> last_keys_;  // by place in the list: events that follow each other have the same
  sim::HashIndex index_, key_index_;
  std::uint64_t dropped_ = 0;
};

}  // namespace orrery::gui
