#pragma once

#include <cstdint>
#include <vector>

#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Costs in ps by kernel of the table, as the ranks of a context take them.
std::vector<std::int64_t> costs_of(const StageContext& context);
// Gives every kernel of a stream or block that is in the table its cost.
template <class List>
void set_times(SharedList<List>& lists, const std::vector<std::int64_t>& costs);

// Blocks that several stages have, with the costs that one of them was given last.
class TimedBlocks {
 public:
  void set_times(SharedList<sim::Block>& blocks, const std::vector<std::int64_t>& costs);

 private:
  SharedList<sim::Block> blocks_, timed_;
  SharedList<sim::Block> before_;  // what was timed before that: nobody else may have it any more
  std::vector<std::int64_t> costs_;
};

// Gives every buffer the size that it is of.
void set_sizes(SharedList<sim::Buffer>& buffers, const std::vector<std::uint32_t>& of, const std::vector<Bytes>& sizes);

}  // namespace orrery::models
