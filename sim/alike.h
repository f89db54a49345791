#pragma once

#include "sim/list_repeats.h"
#include "sim/program.h"

namespace orrery::sim {

// Two lists of blocks that were found to be alike, as several stages have them.
struct AlikeBlocks {
  SharedList<Block> some, others;
};

// Whether two programs are the same but for sizes and times: how long kernels take, how many bytes buffers and
// transfers have. Where one of those is below zero, it is in both. Names for people are not looked at.
// What saves time: `buffers`, where those of such programs are known to repeat; `blocks` of the programs before.
bool alike(const Program& a, const Program& b, const ListRepeats& buffers = {}, AlikeBlocks* blocks = nullptr);

}  // namespace orrery::sim
