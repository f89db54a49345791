#include "models/compile/stage/stage_buffers.h"

#include <algorithm>
#include <span>
#include <utility>

#include "models/architecture/rank_shape.h"
#include "models/compile/stage/buffer_labels.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNone = INT64_MIN;  // no buffer, in Kept

}  // namespace

std::int64_t StageBuffers::counted_from(std::int64_t first, std::uint32_t buffer) {
  return buffer == kNoBuffer ? kNone : buffer - first;
}

StageBuffers::StageBuffers(StageContext& context, const Chunks& chunks, KeptLists& lists)
    : context_(context),
      builder_(context.builder),
      chunks_(chunks),
      offload_(context),
      micro_batches_(context.micro_batches()),
      lists_(lists) {
  for (const auto& chunk : chunks_) most_pieces_ = std::max(most_pieces_, chunk.size());
  const std::size_t slots = chunks_.size() * static_cast<std::size_t>(micro_batches_) * most_pieces_;
  for (auto* held : {&until_input_, &until_weight_, &outputs_}) held->assign(slots, kNoBuffer);
  const std::size_t places = chunks_.size() * static_cast<std::size_t>(micro_batches_);
  first_.assign(places, 0);
  left_by_call_.assign(places, lists_.of(Kept(3 * most_pieces_, kNone)));
}

void StageBuffers::hold_states(Bytes inputs) {
  HeldStates held;
  held_.replicas = context_.replicas();
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk) {
      held.add(piece);
      held_.embeddings += piece.table_parameters;
      held_.pieces.push_back({piece.kind, piece.layer});
    }
  const StateBytes states = held.states(context_);
  hold_state(states.parameters, MemoryCause::parameters, "parameters");
  hold(states.parameters * (weight_versions(context_.schedule, context_.stage) - 1), MemoryCause::parameters,
       "stashed weights");
  hold_state(states.gradients, MemoryCause::gradients, "gradients");
  hold_state(states.optimizer, MemoryCause::optimizer, "optimizer states");
  hold(inputs, MemoryCause::buffers, buffer_label::inputs);
}

void StageBuffers::hold_unread_gradients() {
  if (!context_.scenario.software.dummy_weight_gradients) return;
  std::vector<int> layers;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk) {
      if (piece.kind == PieceKind::layer) layers.push_back(piece.layer);
      if (piece.kind == PieceKind::mtp) layers.push_back(context_.scenario.model.layers - 1);
    }
  held_.unread = dummy_weight_gradients(context_.scenario, layers);
  Bytes all;
  for (const Bytes gradient : held_.unread) all += gradient;
  hold_state(all, MemoryCause::buffers, "unread weight gradients");
}

void StageBuffers::hold_gather_buffers() {
  const Scenario& scenario = context_.scenario;
  if (!scenario.layout.sequence_parallel) return;
  const RankShape shape = rank_shape(scenario, scenario.layout);
  for (int i = 0; i < scenario.software.gather_buffers; ++i)
    hold(shape.full_hidden(), MemoryCause::buffers, buffer_label::gathered);
}

void StageBuffers::hold_in_flight() {
  const int carried = carried_over(context_.schedule, context_.stage);
  for (int i = 0; i < carried; ++i) {
    for (const PieceTemplate& piece : chunks_.front()) {
      hold(piece.saved_until_input_gradient, MemoryCause::activations, "activations in flight",
           piece.tensors_until_input_gradient);
      hold(piece.saved_until_weight_gradient, MemoryCause::activations, "activations in flight",
           piece.tensors_until_weight_gradient);
    }
    if (!context_.scenario.software.deallocate_outputs)
      hold(chunks_.front().back().output, MemoryCause::buffers, "stage outputs in flight");
  }
}

void StageBuffers::hold(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts) {
  if (bytes.n > 0)
    builder_.resident(builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label), parts));
}

void StageBuffers::hold_state(Bytes bytes, MemoryCause cause, std::string_view label) {
  if (bytes.n == 0) return;
  held_.buffers.push_back(builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label)));
  builder_.resident(held_.buffers.back());
}

std::uint32_t StageBuffers::allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts) {
  const std::uint32_t buffer = builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label), parts);
  builder_.allocate(sim::kMainStream, buffer);
  return buffer;
}

void StageBuffers::begin_pass(const Action& pass) {
  list_slots(pass);
  begin_call(pass, static_cast<std::uint32_t>(builder_.program().buffers.size()));
  if (makes_input_gradient(pass.type)) release(outputs_, pass, 0);
}

void StageBuffers::begin_piece(const Action& pass, std::size_t p) {
  const int chunk = context_.chunk_of(pass);
  const auto& pieces = pieces_of(pass);
  const PieceTemplate& piece = pieces[p];
  const bool forward = pass.type == Action::Type::forward;
  if (forward) {
    keep_activations(pass, p);
  } else if (offload_.active()) {
    offload_.bring(chunk, pass.micro_batch, p);
  }
  const Bytes transient = forward ? piece.forward_transient : piece.backward_transient;
  const std::uint16_t tensors = forward ? piece.tensors_of_forward : piece.tensors_of_backward;
  if (transient.n > 0)
    workspace_[forward ? 0 : 1] = allocate(transient, MemoryCause::buffers, buffer_label::workspace, tensors);
}

void StageBuffers::keep_activations(const Action& pass, std::size_t p) {
  const int chunk = context_.chunk_of(pass);
  const auto& pieces = pieces_of(pass);
  const PieceTemplate& piece = pieces[p];
  if (offload_.takes(pieces, p))
    return offload_.keep(chunk, pass.micro_batch, p,
                         piece.saved_until_input_gradient + piece.saved_until_weight_gradient);
  if (piece.saved_until_input_gradient.n > 0)
    slot(until_input_, pass, p) = allocate(piece.saved_until_input_gradient, MemoryCause::activations,
                                           buffer_label::activations, piece.tensors_until_input_gradient);
  if (piece.saved_until_weight_gradient.n > 0)
    slot(until_weight_, pass, p) = allocate(piece.saved_until_weight_gradient, MemoryCause::activations,
                                            buffer_label::activations, piece.tensors_until_weight_gradient);
}

void StageBuffers::end_piece(const Action& pass, std::size_t p) {
  const int chunk = context_.chunk_of(pass);
  std::uint32_t& workspace = workspace_[pass.type == Action::Type::forward ? 0 : 1];
  if (workspace != kNoBuffer) builder_.free(sim::kMainStream, workspace);
  workspace = kNoBuffer;
  if (pass.type == Action::Type::forward && offload_.takes(pieces_of(pass), p))
    offload_.send(chunk, pass.micro_batch, p);
  if (makes_input_gradient(pass.type)) release(until_input_, pass, p);
  if (makes_weight_gradient(pass.type)) {
    if (offload_.active()) offload_.drop(chunk, pass.micro_batch, p);
    release(until_weight_, pass, p);
  }
}

void StageBuffers::end_pass(const Action& pass) {
  if (pass.type != Action::Type::forward) return;
  const auto& pieces = pieces_of(pass);
  const bool is_last = pass.stage + 1 == context_.stages();
  if (pieces.empty() || is_last) return;
  const std::uint32_t output = allocate(pieces.back().output, MemoryCause::buffers, buffer_label::output);
  if (context_.scenario.software.deallocate_outputs) {
    output_ = output;
  } else {
    slot(outputs_, pass, 0) = output;
  }
}

void StageBuffers::free_output() {
  if (output_ != kNoBuffer) builder_.free(sim::kMainStream, output_);
  output_ = kNoBuffer;
}

// The micro-batch under whose number a pass finds what its forward kept; in a
// stream without an end, what the forward before it kept (hold_in_flight).
int StageBuffers::held_as(const Action& pass) const {
  if (flushes(context_.schedule)) return context_.turn_of(pass.micro_batch);
  const int carried = pass.type == Action::Type::forward ? 0 : carried_over(context_.schedule, context_.stage);
  return (context_.turn_of(pass.micro_batch) + carried) % micro_batches_;
}

std::size_t StageBuffers::place(const Action& pass) const {
  const int place = context_.chunk_of(pass) * micro_batches_ + held_as(pass);
  return static_cast<std::size_t>(place);
}

std::uint32_t& StageBuffers::slot(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) const {
  return held[place(pass) * most_pieces_ + piece];
}

std::uint32_t StageBuffers::begin_call(const Action& pass, std::uint32_t made) {
  std::uint32_t& first = first_[place(pass)];
  if (pass.type == Action::Type::forward) first = made;
  return first;
}

Held StageBuffers::held_of(const Action& pass) {
  const std::size_t at = place(pass);
  return {counted_from(first_[at], output_), kept_at(at)};
}

const Kept* StageBuffers::kept_at(std::size_t place) {
  if (const Kept* left = left_by_call_[place]) return left;
  Kept kept;
  for (const auto* slots : {&until_input_, &until_weight_, &outputs_})
    for (const std::uint32_t buffer : std::span(*slots).subspan(place * most_pieces_, most_pieces_))
      kept.push_back(counted_from(first_[place], buffer));
  return lists_.of(std::move(kept));
}

void StageBuffers::set_held(const Action& pass, const Held& held) {
  const std::size_t at = place(pass);
  output_ = held.output == kNone ? kNoBuffer : static_cast<std::uint32_t>(first_[at] + held.output);
  left_by_call_[at] = held.kept;
}

// A pass is written that finds what a call has left.
void StageBuffers::list_slots(const Action& pass) {
  const std::size_t at = place(pass);
  const Kept* const left = std::exchange(left_by_call_[at], nullptr);
  if (left == nullptr) return;
  const std::int64_t first = first_[at];
  const std::size_t begin = at * most_pieces_;
  auto next = left->begin();
  for (auto* slots : {&until_input_, &until_weight_, &outputs_})
    for (std::size_t i = begin; i < begin + most_pieces_; ++i, ++next)
      (*slots)[i] = *next == kNone ? kNoBuffer : static_cast<std::uint32_t>(first + *next);
}

void StageBuffers::release(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) {
  std::uint32_t& buffer = slot(held, pass, piece);
  if (buffer != kNoBuffer) builder_.free(sim::kMainStream, buffer);
  buffer = kNoBuffer;
}

}  // namespace orrery::models
