#include "models/compile/stage/pass_blocks.h"

namespace orrery::models {

bool PassBlocks::call(const Action& pass) {
  const auto at = known_.find(key_of(pass));
  if (at == known_.end()) return false;
  const Known& known = at->second;
  buffers_.begin_call(pass, next_buffer());
  if (buffers_.held_of(pass) != known.found) return false;
  sim::ProgramBuilder& builder = context_.builder;
  const std::uint32_t made = builder.buffers_again(known.made, known.count);
  builder.call({known.block, made, buffers_.kept_from(pass)}, builder.label(""));
  buffers_.set_held(pass, known.left);
  return true;
}

PassBlocks::Before PassBlocks::before(const Action& pass) const {
  const std::uint32_t made = next_buffer();
  buffers_.begin_call(pass, made);
  return {context_.builder.mark(), made, buffers_.kept_from(pass), buffers_.held_of(pass)};
}

bool PassBlocks::learn(const Action& pass, const Before& before) {
  if (known_.contains(key_of(pass))) return false;
  const std::optional<std::uint32_t> block = context_.builder.block(before.mark, before.made, before.kept);
  if (!block) return false;
  sim::ProgramBuilder& builder = context_.builder;
  builder.call({*block, before.made, before.kept}, builder.label(""));
  known_.emplace(key_of(pass),
                 Known{*block, before.made, next_buffer() - before.made, before.held, buffers_.held_of(pass)});
  return true;
}

}  // namespace orrery::models
