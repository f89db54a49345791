#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "models/compile/stage/known_passes.h"
#include "models/compile/stage/stage_buffers.h"
#include "models/compile/stage/stage_context.h"

namespace orrery::models {

// Passes that a program has written once, to be called (sim::Call) when they come up again: a
// forward or backward of the same virtual stage, for another micro-batch.
//
// A pass may be called if nothing but its own rank has a part in it, as sim::Block says, and if
// what it finds and leaves in memory is the same as the first time.
class PassBlocks {
 public:
  PassBlocks(StageContext& context, const Chunks& chunks, StageBuffers& buffers, KnownPasses& known)
      : context_(context), chunks_(chunks), buffers_(buffers), of_stages_(known) {}

  // Whether no pass is known.
  bool empty() const { return known_.empty(); }
  // Calls the pass if it is known and finds what it found then.
  bool call(const Action& pass);
  // The same of a pass whose ops are copies a stride on (sim::ProgramBuilder::go_on), as that of freeing the output on
  // its way out is.
  bool call_again(const Action& pass, const sim::ProgramBuilder::Stride& stride);

  // Where the builder stands before a pass is written.
  struct Before {
    sim::ProgramBuilder::Mark mark;
    std::uint32_t made = 0;
    std::uint32_t kept = 0;
    Held held;
    std::size_t transfers = 0, labels = 0;  // how many there are
    std::size_t written = 0;                // passes of the same kind
  };
  Before before(const Action& pass);
  // Calls the pass, of which no block is known, if another stage has written the same.
  bool borrow(const Action& pass, const Before& before);
  // Takes what was written since as the pass's block, if it can be one and none is known, and calls it in its place;
  // whether it has done so.
  bool learn(const Action& pass, const Before& before);

 private:
  struct Known {
    std::uint32_t block = 0;
    std::uint32_t made = 0, count = 0;  // buffers that came along
    Held found, left;
  };
  using Key = std::pair<int, Action::Type>;
  static Key key_of(const Action& pass) { return {pass.stage, pass.type}; }
  const Known* find(const Action& pass) const;
  std::optional<PassKey> shared_key(const Action& pass, const Before& before) const;
  void lend(const Action& pass, const Before& before, const Known& known);
  std::uint32_t next_buffer() const { return static_cast<std::uint32_t>(context_.builder.program().buffers.size()); }

  StageContext& context_;
  const Chunks& chunks_;
  StageBuffers& buffers_;
  KnownPasses& of_stages_;
  std::map<Key, Known> known_;
  std::map<Key, std::size_t> written_;  // how often, or borrowed
};

}  // namespace orrery::models
