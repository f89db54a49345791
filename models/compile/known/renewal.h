#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Costs in ps by kernel of the table, as the ranks of a context take them.
std::vector<std::int64_t> costs_of(const StageContext& context);

// Streams or blocks that get other times again and again: every kernel of them that is in the table its cost.
template <class List>
class TimedLists {
 public:
  explicit TimedLists(const SharedList<List>& lists);

  bool are_of(const SharedList<List>& lists) const { return lists_.data() == lists.data(); }
  const SharedList<List>& at(const std::vector<std::int64_t>& costs);

 private:
  struct Timed {
    std::uint32_t list, op, kernel;
  };

  SharedList<List> lists_;           // as they were given
  SharedList<List> now_, before_;    // nobody else may have the ones before any more: they are the next
  std::vector<std::int64_t> costs_;  // of now_
  std::vector<Timed> timed_;
};

// Blocks that several stages have, those of one list once.
class TimedBlocks {
 public:
  const SharedList<sim::Block>& at(const SharedList<sim::Block>& blocks, const std::vector<std::int64_t>& costs);

 private:
  std::list<TimedLists<sim::Block>> known_;  // the ones asked for last are last
};

// Gives every buffer the size that it is of.
void set_sizes(SharedList<sim::Buffer>& buffers, const std::vector<std::uint32_t>& of, const std::vector<Bytes>& sizes);

}  // namespace orrery::models
