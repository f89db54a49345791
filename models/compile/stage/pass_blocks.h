#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

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
  PassBlocks(StageContext& context, StageBuffers& buffers) : context_(context), buffers_(buffers) {}

  // Calls the pass if it is known and finds what it found then.
  bool call(const Action& pass);

  // Where the builder stands before a pass is written.
  struct Before {
    sim::ProgramBuilder::Mark mark;
    std::uint32_t made = 0;
    std::uint32_t kept = 0;
    StageBuffers::Held held;
  };
  Before before(const Action& pass) const;
  // Takes what was written since as the pass's block, if it can be one and none is known, and calls it in its place;
  // whether it has done so.
  bool learn(const Action& pass, const Before& before);

 private:
  struct Known {
    std::uint32_t block = 0;
    std::uint32_t made = 0, count = 0;  // buffers that came along
    StageBuffers::Held found, left;
  };
  using Key = std::pair<int, Action::Type>;
  static Key key_of(const Action& pass) { return {pass.stage, pass.type}; }
  std::uint32_t next_buffer() const { return static_cast<std::uint32_t>(context_.builder.program().buffers.size()); }

  StageContext& context_;
  StageBuffers& buffers_;
  std::map<Key, Known> known_;
};

}  // namespace orrery::models
