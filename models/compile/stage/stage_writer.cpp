// A step of a stage: its actions in order, what stands around them, and the optimizer at the end.
#include "models/compile/stage/stage_writer.h"

#include "models/compile/data_parallel/optimizer_step.h"

namespace orrery::models {

void StageWriter::write() {
  hold();
  begin();
  prepare();
  for (std::size_t i = 0; i < context_.actions().size();) {
    if (!blocks_.empty() && rounds_.come_to(i)) {
      i = copy(i);
      continue;
    }
    action(i);
    if (context_.updates_behind(i)) update();
    ++i;
  }
  buffers_.free_output();
  end();
}

void StageWriter::write_surroundings() {
  hold();
  begin();
  end();
}

// From before the first step on.
void StageWriter::hold() {
  buffers_.hold_states(transfers_.buffers());
  data_->hold_buffers();
  buffers_.hold_unread_gradients();
  buffers_.hold_gather_buffers();
  buffers_.hold_in_flight();
}

void StageWriter::prepare() {
  std::vector<std::size_t> last_backward_of(chunks_.size(), SIZE_MAX);
  completes_.assign(context_.actions().size(), false);
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    const Action& a = context_.actions()[i];
    for (const Action& pass : passes(a)) {
      const auto chunk = static_cast<std::size_t>(context_.chunk_of(pass));
      if (makes_weight_gradient(pass.type)) last_backward_of[chunk] = i;
    }
    completes_[i] = context_.updates_behind(i);
  }
  if (flushes(context_.schedule))
    for (const std::size_t last : last_backward_of)
      if (last != SIZE_MAX) completes_[last] = true;
  make_room(!may_have_calls());
}

// For what stands around passes, or for passes that are written out, too.
void StageWriter::make_room(bool for_passes) {
  constexpr std::size_t kOpsAround = 12;  // of an action: waits, markers, transfers, its output
  constexpr std::size_t kOpsOfPiece = 4;  // allocations
  std::size_t ops = 0;
  for (const Action& a : context_.actions())
    for (const Action& pass : passes(a)) {
      ops += kOpsAround;
      if (for_passes) ops += kOpsOfPiece * pieces_of(pass).size() + counts_.of(pass).steps;
    }
  builder_.reserve(sim::kMainStream, ops);
}

void StageWriter::begin() {
  host_.meet(context_.scenario.software.step_overhead, "data loading and logging");
  if (flushes(context_.schedule)) begin_step(context_, parameters(), data_->gradient_elements());
}

// Of a stream without an end: the weights have a new version, and gradients start from nothing.
void StageWriter::update() {
  optimizer_step(context_, chunks_, *data_, host_);
  begin_step(context_, parameters(), data_->gradient_elements());
}

void StageWriter::end() {
  if (flushes(context_.schedule)) optimizer_step(context_, chunks_, *data_, host_);
  builder_.marker(sim::kMainStream, {sim::Marker::Kind::step_end, ' ', 0, 0});
}

double StageWriter::parameters() const {
  double parameters = 0;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk)
      parameters += static_cast<double>(piece.parameters + piece.expert_parameters);
  return parameters;
}

void StageWriter::action(std::size_t i) {
  const Action& a = context_.actions()[i];
  action_ = i;
  const sim::OpRef input = transfers_.before(i);
  if (context_.scenario.software.pipeline_sync && !input.is_none()) host_.wait_for(input);
  launches_ = counts_.of_action(a).launches;
  segment_ = 0;
  host_.begin(launches_[0]);

  const Passes both = passes(a);
  for (const Action& each : both) marker(sim::Marker::Kind::action_begin, each);
  buffers_.free_output();
  if (both.count == 1)
    pass(a);
  else
    overlap(both.pass[0], both.pass[1]);
  host_.end();
  for (const Action& each : both) marker(sim::Marker::Kind::action_end, each);
  transfers_.after(i);
}

// Actions from `i` on as those of rounds before; says where it has come to.
std::size_t StageWriter::copy(std::size_t i) {
  std::size_t end = i;
  while (end < rounds_.end() && blocks_.call_again(context_.actions()[end], rounds_.stride())) ++end;
  rounds_.write(i, end);
  return end;
}

// The host needs a value of the main stream before it can launch what follows.
void StageWriter::sync_host() {
  host_.interrupt(launches_[++segment_]);
}

void StageWriter::marker(sim::Marker::Kind kind, const Action& pass) {
  builder_.marker(sim::kMainStream,
                  {kind, static_cast<char>(pass.type), static_cast<std::uint16_t>(context_.chunk_of(pass)),
                   static_cast<std::uint32_t>(pass.micro_batch)});
}

}  // namespace orrery::models
