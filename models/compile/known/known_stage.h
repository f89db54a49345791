#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "models/compile/known/renewal.h"
#include "models/compile/known/stage_sizes.h"
#include "models/compile/known/surroundings.h"
#include "models/compile/stage/stage_program.h"

namespace orrery::models {

// A stage's program with where its sizes and times are from, to be written for a stage of the same setting and rank
// whose pieces are alike as a copy with other ones.
//
// Why it is the same as if it were written: what a program is made of hangs on its setting, its rank and the form of
// its pieces alone, but for (1) times of kernels, which are those of a kernel table that has, place by place, kernels
// for the same steps; (2) the table of transfers, which has each once: of those that were one then all are one now, and
// no more are; (3) sizes of buffers, each of which is that of a piece or a message, or of parameters; (4) what hangs on
// parameters. Where these are others, what stands around passes is written anew and compared; passes
//     are known to have no part in it, and its sizes are taken from there.
class KnownStage {
 public:
  // None: something in the program is not of those kinds.
  static std::optional<KnownStage> of(const StageContext& context, Chunks chunks, const StageProgram& written);

  const RankKind& rank() const { return rank_; }
  // None: pieces are not alike, or one of the above does not hold.
  std::optional<StageProgram> renewed(const StageContext& context, const Chunks& chunks, TimedBlocks& blocks);
  // Has the blocks of another stage in place of equal ones.
  void share_blocks(const KnownStage& other);

 private:
  // Sizes of one program, that come up in it again and again.
  struct Sizes {
    std::vector<Bytes> held;
    std::vector<sim::Transfer> moved;
  };

  KnownStage(const StageContext& context, Chunks chunks, const StageProgram& written);

  bool find_buffers();
  bool find_transfers();
  Sizes sizes_of(const StageSizes& of_pieces, const Surroundings* around) const;
  bool has_kernels_beside(KernelTable& kernels) const;
  std::vector<sim::Transfer> transfers_of(const Sizes& sizes) const;

  RankKind rank_;
  Chunks chunks_;
  StageSizes of_pieces_;
  std::vector<std::uint32_t> first_held_, first_moved_;  // by item of of_pieces_: the first that is equal
  std::int64_t inputs_ = 1;                              // messages that are held in a buffer
  StageProgram written_;
  TimedLists<sim::Stream> streams_;
  SharedList<sim::Buffer> buffers_;         // of the program renewed last,
  SharedList<sim::Buffer> buffers_before_;  // and of the one before that, which nobody else may have any more
  std::vector<Bytes> own_buffers_;          // of parameters
  std::vector<sim::Transfer> transfers_beside_;
  std::vector<std::pair<Kernel, std::uint32_t>> kernels_beside_;  // with their places in the table
  std::optional<Surroundings> around_;
  // By buffer and by transfer of the program, which item it is of what pieces have and, behind those, what is beside.
  std::vector<std::uint32_t> of_buffer_, of_transfer_;
};

}  // namespace orrery::models
