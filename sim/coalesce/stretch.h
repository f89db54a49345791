#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/coalesce/cells.h"
#include "sim/coalesce/coalesce.h"
#include "sim/hash_index.h"

namespace orrery::sim {

// What a side stream inside the cell does during a stretch.
struct SideOps {
  StreamIndex stream = kNoStream;
  OpIndex begin = 0, end = 0;
};

// Ops [begin, end) of a program's main stream, mostly those of one schedule action, that
// a cell goes through without anybody else: only the first may wait for a stream outside,
// only the last is waited for from there, and the collectives among them are the cell's.
// Side streams inside the cell do what waits for those ops. A call is one op anyway, and in no stretch.
struct Stretch {
  OpIndex begin = 0, end = 0;
  std::uint32_t content = 0;  // equal for stretches that do the same, of whatever program
  std::vector<SideOps> sides;
};

// What stretches do, each thing once.
class StretchContents {
 public:
  std::uint32_t number(const FlatProgram& program, const Stretch& stretch);
  std::uint32_t size() const { return static_cast<std::uint32_t>(first_.size()); }

 private:
  struct First {
    const FlatProgram* program;
    Stretch stretch;
  };
  HashIndex index_;
  std::vector<First> first_;  // by content
};

// The stretches of a program, and where they start. Two may end alike: one starts with
// the action, the other behind the action's first collective, where all members of a
// cell are at the same time even if they came to the action one by one.
class Stretches {
 public:
  Stretches() = default;
  Stretches(const FlatProgram& program, const Cells::Inside& inside, StretchContents& contents);

  const std::vector<Stretch>& all() const { return all_; }
  // Number of the stretch that starts at `op`, or kNone.
  std::uint32_t starting_at(OpIndex op) const { return op < at_.size() ? at_[op] : kNone; }
  static constexpr std::uint32_t kNone = UINT32_MAX;

 private:
  OpIndex segment_end(OpIndex begin) const;
  bool may_follow(const Op& op) const;
  bool is_inside(StreamIndex stream) const;
  bool meets_in(const Op& op) const;
  const Marker* marker(const Op& op) const;
  void add(OpIndex begin, OpIndex end);
  std::vector<SideOps> sides_of(OpIndex begin, OpIndex end) const;
  const FlatProgram* program_ = nullptr;
  const Cells::Inside* inside_ = nullptr;
  std::vector<char> awaited_;                           // by op of the main stream: from outside
  std::vector<std::vector<std::int64_t>> main_before_;  // by stream inside and op: the last main op waited for so far
  std::vector<Stretch> all_;
  std::vector<std::uint32_t> at_;
};

}  // namespace orrery::sim
