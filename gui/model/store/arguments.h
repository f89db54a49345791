#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interop/trace/read/trace_visitor.h"
#include "sim/hash_index.h"

namespace orrery::gui {

// Arguments of events as they came, packed into one array; equal lists are kept
// once. Beyond kMostBytes nothing more is kept: dropped() tells of how many.
class Arguments {
 public:
  using ListId = std::uint32_t;  // 0: none
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20;

  struct Argument {
    std::string_view key;
    std::string value;        // as people read it
    std::int64_t number = 0;  // where it is a whole one
    bool is_number = false;
  };

  Arguments();

  ListId add(std::span<const interop::TraceArgument> arguments);
  std::vector<Argument> list(ListId id) const;
  std::uint64_t dropped() const { return dropped_; }
  std::size_t bytes() const { return packed_.capacity(); }
  // What only adding needs.
  void forget_index() { index_ = key_index_ = sim::HashIndex(); }

 private:
  std::uint32_t key_id(std::string_view key);
  void pack(const interop::TraceArgument& argument);
  std::string_view packed(ListId id) const;

  std::vector<std::string> keys_;
  std::vector<std::uint64_t> starts_;  // of each list; one more at the end
  std::string packed_, scratch_;
  sim::HashIndex index_, key_index_;
  std::uint64_t dropped_ = 0;
};

}  // namespace orrery::gui
