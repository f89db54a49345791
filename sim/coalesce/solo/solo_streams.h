#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/coalesce/solo/solo_blocks.h"
#include "sim/coalesce/solo/solo_collectives.h"

namespace orrery::sim {

// Programs with collectives that ranks have for themselves as kernels.
class SoloStreams {
 public:
  SoloStreams(const Workload& workload, const SoloCollectives& solo);

  // Ops of the program's main stream. Precondition: it has one.
  std::span<const Op> main_stream(ProgramId program) const {
    return streams_[program].empty() ? workload_.programs[program].streams[kMainStream].ops : streams_[program];
  }
  // The same of a block of the program; as it is where one of them may meet others.
  std::span<const Op> block(ProgramId program, std::size_t block) const {
    return blocks_[program].empty() ? workload_.programs[program].blocks[block].ops : blocks_[program][block]->ops;
  }

 private:
  void write_stream(ProgramId program, const SoloCollectives& solo);
  void write_blocks(ProgramId program, std::span<const Duration> times);

  const Workload& workload_;
  SoloBlocks solo_blocks_;
  IdVector<ProgramId, std::vector<Op>> streams_;               // empty: as in the program
  IdVector<ProgramId, std::vector<const SoloBlock*>> blocks_;  // likewise
};

}  // namespace orrery::sim
