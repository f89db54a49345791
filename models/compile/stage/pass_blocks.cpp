#include "models/compile/stage/pass_blocks.h"

#include <span>
#include <string>

namespace orrery::models {

bool PassBlocks::call(const Action& pass) {
  const Known* known = find(pass);
  if (known == nullptr) return false;
  const std::uint32_t kept = buffers_.begin_call(pass, next_buffer());
  if (buffers_.held_of(pass) != known->found) return false;
  sim::ProgramBuilder& builder = context_.builder;
  const std::uint32_t made = builder.buffers_again(known->made, known->count);
  builder.call({known->block, made, kept}, builder.label(""));
  buffers_.set_held(pass, known->left);
  return true;
}

bool PassBlocks::call_again(const Action& pass, const sim::ProgramBuilder::Stride& stride) {
  const Known* known = find(pass);
  if (known == nullptr) return false;
  const std::vector<sim::Call>& calls = context_.builder.program().calls;
  const std::uint32_t made = calls[calls.size() - stride.by.calls].made + stride.by.buffers;
  const std::uint32_t kept = buffers_.begin_call(pass, made);
  if (buffers_.held_of(pass).kept != known->found.kept) return false;
  context_.builder.again({known->block, made, kept});
  buffers_.set_held(pass, known->left);
  return true;
}

const PassBlocks::Known* PassBlocks::find(const Action& pass) const {
  const auto at = known_.find(key_of(pass));
  return at == known_.end() ? nullptr : &at->second;
}

PassBlocks::Before PassBlocks::before(const Action& pass) {
  const std::uint32_t made = next_buffer();
  const std::uint32_t kept = buffers_.begin_call(pass, made);
  const sim::Program& program = context_.builder.program();
  return {.mark = context_.builder.mark(),
          .made = made,
          .kept = kept,
          .held = buffers_.held_of(pass),
          .transfers = program.transfers.size(),
          .labels = program.labels.size(),
          .written = written_[key_of(pass)]++};
}

bool PassBlocks::learn(const Action& pass, const Before& before) {
  if (known_.contains(key_of(pass))) return false;
  const std::optional<std::uint32_t> block = context_.builder.block(before.mark, before.made, before.kept);
  if (!block) return false;
  sim::ProgramBuilder& builder = context_.builder;
  builder.call({*block, before.made, before.kept}, builder.label(""));
  const Known known{*block, before.made, next_buffer() - before.made, before.held, buffers_.held_of(pass)};
  known_.emplace(key_of(pass), known);
  lend(pass, before, known);
  return true;
}

// What a pass has in common with those of other stages, if it has to do with layers alone.
std::optional<PassKey> PassBlocks::shared_key(const Action& pass, const Before& before) const {
  if (context_.own) return std::nullopt;
  PassKey key{pass.type, pass.stage + 1 < context_.stages(), before.written, {}, before.held};
  for (const PieceTemplate& piece : chunks_[static_cast<std::size_t>(context_.chunk_of(pass))]) {
    if (piece.kind != PieceKind::layer || piece.forward.empty()) return std::nullopt;
    key.layers.push_back(piece.forward.data());
  }
  return key;
}

void PassBlocks::lend(const Action& pass, const Before& before, const Known& known) {
  std::optional<PassKey> key = shared_key(pass, before);
  if (!key) return;
  const sim::Program& program = context_.builder.program();
  of_stages_.add({.key = std::move(*key),
                  .left = known.left,
                  .block = program.blocks[known.block],
                  .buffers = {program.buffers.begin() + known.made, program.buffers.end()},
                  .transfers = program.transfers,
                  .labels = {program.labels.begin(), program.labels.end()},
                  .transfers_before = before.transfers,
                  .labels_before = before.labels});
}

bool PassBlocks::borrow(const Action& pass, const Before& before) {
  if (of_stages_.empty() || known_.contains(key_of(pass))) return false;
  const std::optional<PassKey> key = shared_key(pass, before);
  sim::ProgramBuilder& builder = context_.builder;
  const KnownPasses::Pass* lent = key ? of_stages_.find(*key, builder.program()) : nullptr;
  if (lent == nullptr) return false;
  for (const sim::Transfer& transfer : std::span(lent->transfers).subspan(before.transfers))
    builder.transfer_index(transfer);
  for (const std::string& label : std::span(lent->labels).subspan(before.labels)) builder.label(label);
  for (const sim::Buffer& buffer : lent->buffers)
    builder.buffer(buffer.bytes, buffer.cause, buffer.label, buffer.parts);
  const std::uint32_t block = builder.add_block(lent->block);
  builder.call({block, before.made, before.kept}, builder.label(""));
  buffers_.set_held(pass, lent->left);
  const auto count = static_cast<std::uint32_t>(lent->buffers.size());
  known_.emplace(key_of(pass), Known{block, before.made, count, before.held, lent->left});
  return true;
}

}  // namespace orrery::models
