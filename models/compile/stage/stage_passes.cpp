// Passes of a stage: piece by piece, as a call of what was written before, or two in turn.
#include <optional>

#include "models/compile/data_parallel/optimizer_step.h"
#include "models/compile/stage/stage_writer.h"

namespace orrery::models {
namespace {

// Pieces of a pass stand in the order of the forward, or backward from the last.
std::size_t piece_at(const Action& pass, std::size_t turn, std::size_t pieces) {
  return pass.type == Action::Type::forward ? turn : pieces - 1 - turn;
}

}  // namespace

bool StageWriter::may_have_calls() const {
  return context_.form == Form::with_calls && flushes(context_.schedule) && data_->is_alike();
}

// Of passes that complete gradients some may set off while they go on.
bool StageWriter::may_be_called(const Action& pass) const {
  if (!may_have_calls()) return false;
  const bool completes = makes_weight_gradient(pass.type) && completes_[action_];
  return !completes || data_->completes_alike();
}

void StageWriter::pass(const Action& pass) {
  if (!may_be_called(pass)) {
    write_pass(pass);
  } else if (!blocks_.call(pass)) {
    write_to_call(pass);
  }
  average(pass);
}

// As a block for what follows, if it can be one.
void StageWriter::write_to_call(const Action& pass) {
  const PassBlocks::Before before = blocks_.before(pass);
  if (blocks_.borrow(pass, before)) return;
  write_pass(pass);
  if (blocks_.learn(pass, before))
    lists_.forget();
  else if (before.written == 1)  // the first of a kind may differ; this one is as those to come
    make_room(true);
}

void StageWriter::write_pass(const Action& pass) {
  const auto& pieces = pieces_of(pass);
  buffers_.begin_pass(pass);
  for (std::size_t turn = 0; turn < pieces.size(); ++turn) {
    const std::size_t p = piece_at(pass, turn, pieces.size());
    begin_piece(pass, p);
    lists_.issue(steps_of(pieces[p], pass.type), [this] { sync_host(); });
    end_piece(pass, p);
  }
  buffers_.end_pass(pass);
}

// Two passes in turn, each until it would wait for a collective: the other's
// kernels are what hides it.
void StageWriter::overlap(const Action& forward, const Action& backward) {
  struct Cursor {
    Action pass;
    std::size_t turn = 0;
    std::optional<ListIssuer> list = {};
  };
  Cursor cursors[] = {{forward}, {backward}};
  for (const Cursor& c : cursors) buffers_.begin_pass(c.pass);
  const auto advance = [this](Cursor& c) {
    const auto& pieces = pieces_of(c.pass);
    for (; c.turn < pieces.size(); ++c.turn) {
      const std::size_t p = piece_at(c.pass, c.turn, pieces.size());
      if (!c.list) {
        begin_piece(c.pass, p);
        c.list.emplace(context_, steps_of(pieces[p], c.pass.type), [this] { sync_host(); });
      }
      if (c.list->issue_to_collective()) return true;
      c.list.reset();
      end_piece(c.pass, p);
    }
    return false;
  };
  for (bool more = true; more;) {
    more = advance(cursors[0]);
    more = advance(cursors[1]) || more;
  }
  for (const Cursor& c : cursors) {
    buffers_.end_pass(c.pass);
    average(c.pass);
  }
}

void StageWriter::begin_piece(const Action& pass, std::size_t p) {
  data_->before_piece(turn(pass, p));
  buffers_.begin_piece(pass, p);
}

void StageWriter::end_piece(const Action& pass, std::size_t p) {
  buffers_.end_piece(pass, p);
  data_->after_piece(turn(pass, p));
}

// Of the loss: it meets other replicas, whom a pass that is called does not.
void StageWriter::average(const Action& pass) {
  const bool is_loss = pass.type == Action::Type::forward && pass.stage + 1 == context_.stages();
  if (is_loss && context_.scenario.software.loss_average_per_micro_batch) average_loss(context_);
}

// What data parallelism wants to know of a piece's turn.
PieceTurn StageWriter::turn(const Action& pass, std::size_t p) const {
  return {pass.type, context_.chunk_of(pass), p, makes_weight_gradient(pass.type) && completes_[action_]};
}

}  // namespace orrery::models
