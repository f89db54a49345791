#pragma once

#include "sim/list_repeats.h"
#include "sim/program.h"

namespace orrery::sim {

// Whether two programs are the same but for sizes and times: how long kernels take, how many bytes buffers and
// transfers have. Where one of those is below zero, it is in both. Names for people are not looked at.
// `buffers`: where those of such programs are known to repeat, which saves time.
bool alike(const Program& a, const Program& b, const ListRepeats& buffers = {});

}  // namespace orrery::sim
