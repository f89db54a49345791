#pragma once

#include <vector>

#include "sim/base/result.h"

namespace orrery::validate {

// SMs of each of `ranks` equal partitions of a GPU: a multiple of what its
// architecture splits by (compute capability 9 and above: 8, at least 8; below: 2,
// at least 4; CUDA driver API, cuDevSmResourceSplitByCount). `asked`: so many, and the
// rest of the GPU stays idle; 0: all that there are. An error when there are too few.
Result<int> sm_share(int sms, int ranks, int compute_capability_major, int asked = 0);

// Such partitions as pieces of the GPU, which it splits into equal ones only. Where enough are left, each rank has one
// more for what runs beside its kernels.
struct SmPieces {
  int ranks = 0, sms_of_a_piece = 0;
  int of_a_rank = 0, beside_a_rank = 0;  // pieces
  int all() const { return ranks * (of_a_rank + beside_a_rank); }
};
// From the best on: a GPU may give fewer pieces than its SMs are (an H100 of 132 gives 15 of eight). `share` for each
// rank, of sm_share(); less, where none was asked for, only if that cannot be.
std::vector<SmPieces> sm_pieces(int sms, int ranks, int compute_capability_major, int share, int asked);

}  // namespace orrery::validate
