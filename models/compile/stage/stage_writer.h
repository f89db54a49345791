#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/pieces/host_timeline.h"
#include "models/compile/pieces/issue.h"
#include "models/compile/pipeline/pipeline_transfers.h"
#include "models/compile/stage/pass_blocks.h"
#include "models/compile/stage/pass_counts.h"
#include "models/compile/stage/rounds.h"
#include "models/compile/stage/stage_buffers.h"

namespace orrery::models {

// Writes the program of a stage (stage_program.h).
class StageWriter {
 public:
  StageWriter(StageContext& context, const Chunks& chunks, KnownPasses& passes)
      : context_(context),
        builder_(context.builder),
        chunks_(chunks),
        host_(context),
        transfers_(context),
        data_(make_data_parallel(context, chunks_)),
        buffers_(context, chunks_, passes.lists()),
        lists_(context),
        blocks_(context, chunks_, buffers_, passes),
        counts_(context, chunks_),
        rounds_(context, transfers_, completes_) {}

  void write();
  // The same without passes and what stands around each.
  void write_surroundings();
  // Whether no pass hangs on parameters.
  bool passes_stand_alone() const { return data_->stays_out(); }
  const HeldWeights& held() const { return buffers_.held(); }

 private:
  void hold();
  void prepare();
  void make_room(bool for_passes);
  void begin();
  void update();
  void end();
  double parameters() const;
  void action(std::size_t i);
  std::size_t copy(std::size_t i);
  void pass(const Action& pass);
  void write_to_call(const Action& pass);
  void write_pass(const Action& pass);
  bool may_have_calls() const;
  bool may_be_called(const Action& pass) const;
  void overlap(const Action& forward, const Action& backward);
  void average(const Action& pass);
  void begin_piece(const Action& pass, std::size_t piece);
  void end_piece(const Action& pass, std::size_t piece);
  PieceTurn turn(const Action& pass, std::size_t piece) const;
  void marker(sim::Marker::Kind kind, const Action& pass);
  void sync_host();
  const std::vector<PieceTemplate>& pieces_of(const Action& pass) const {
    return chunks_[static_cast<std::size_t>(context_.chunk_of(pass))];
  }

  StageContext& context_;
  sim::ProgramBuilder& builder_;
  const Chunks& chunks_;
  HostTimeline host_;
  std::vector<int> launches_;  // of the action being written, between the values that the host waits for
  std::size_t segment_ = 0;    // of launches_
  PipelineTransfers transfers_;
  std::unique_ptr<DataParallel> data_;
  StageBuffers buffers_;
  IssuedLists lists_;
  PassBlocks blocks_;
  PassCounts counts_;
  std::size_t action_ = 0;       // being written
  std::vector<bool> completes_;  // by action: the weight gradients of its chunk, and they are reduced
  Rounds rounds_;
};

}  // namespace orrery::models
