#include "models/compile/stage_program.h"

#include <algorithm>
#include <optional>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/data_parallel/offload.h"
#include "models/compile/data_parallel/optimizer_step.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/pieces/host_timeline.h"
#include "models/compile/pieces/issue.h"
#include "models/compile/pipeline/pipeline_transfers.h"
#include "models/compile/roles.h"

namespace orrery::models {
namespace {

constexpr auto kMain = sim::kMainStream;

class StageWriter {
 public:
  explicit StageWriter(StageContext& context)
      : context_(context),
        builder_(context.builder),
        chunks_(make_chunks(context)),
        host_(context),
        transfers_(context),
        data_(make_data_parallel(context, chunks_)),
        offload_(context),
        lists_(context) {}

  void write();

 private:
  void prepare();
  void hold_states();
  void hold_in_flight();
  void begin();
  void update();
  double parameters() const;
  void action(std::size_t i);
  void pass(const Action& pass);
  void overlap(const Action& forward, const Action& backward);
  void begin_pass(const Action& pass);
  void end_pass(const Action& pass);
  void begin_piece(const Action& pass, std::size_t piece);
  void end_piece(const Action& pass, std::size_t piece);
  void keep_activations(const Action& pass, std::size_t piece);
  PieceTurn turn(const Action& pass, std::size_t piece) const;
  void marker(sim::Marker::Kind kind, const Action& pass);
  void free_output();
  void hold(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts = 0);
  std::uint32_t allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts = 0);
  int held_as(const Action& pass) const;
  std::uint32_t& slot(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) const;
  void release(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece);
  std::vector<int> launches(const Action& action) const;
  std::size_t steps(const Action& pass) const;
  void sync_host();
  int chunk_of(const Action& pass) const { return context_.schedule.chunk_of(pass.stage, pass.micro_batch); }
  const std::vector<PieceTemplate>& pieces_of(const Action& pass) const {
    return chunks_[static_cast<std::size_t>(chunk_of(pass))];
  }

  StageContext& context_;
  sim::ProgramBuilder& builder_;
  Chunks chunks_;
  HostTimeline host_;
  std::vector<int> launches_;  // of the action being written, between the values that the host waits for
  std::size_t segment_ = 0;    // of launches_
  PipelineTransfers transfers_;
  std::unique_ptr<DataParallel> data_;
  ActivationOffload offload_;
  IssuedLists lists_;
  std::size_t action_ = 0;                                 // being written
  std::uint32_t workspace_[2] = {UINT32_MAX, UINT32_MAX};  // of the forward and the backward under way
  std::uint32_t output_ = UINT32_MAX;                      // the stage output that is on its way out
  // Buffers of live activations by (chunk, micro-batch, piece): see slot().
  std::size_t most_pieces_ = 1;
  std::vector<std::uint32_t> until_input_, until_weight_, outputs_;
  std::vector<bool> completes_;  // by action: the weight gradients of its chunk, and they are reduced
};

void StageWriter::write() {
  hold_states();
  hold_in_flight();
  begin();
  prepare();
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    action(i);
    if (context_.updates_behind(i)) update();
  }
  free_output();
  if (flushes(context_.schedule)) optimizer_step(context_, chunks_, *data_, host_);
  builder_.marker(kMain, {sim::Marker::Kind::step_end, ' ', 0, 0});
}

constexpr std::uint32_t kNoBuffer = UINT32_MAX;

void StageWriter::prepare() {
  std::vector<std::size_t> last_backward_of(chunks_.size(), SIZE_MAX);
  completes_.assign(context_.actions().size(), false);
  for (const auto& chunk : chunks_) most_pieces_ = std::max(most_pieces_, chunk.size());
  const std::size_t slots =
      chunks_.size() * static_cast<std::size_t>(context_.schedule.request.micro_batches) * most_pieces_;
  for (auto* held : {&until_input_, &until_weight_, &outputs_}) held->assign(slots, kNoBuffer);

  constexpr std::size_t kOpsAround = 12;  // of an action: waits, markers, transfers, its output
  constexpr std::size_t kOpsOfPiece = 4;  // allocations
  std::size_t ops = 0;
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    const Action& a = context_.actions()[i];
    for (const Action& pass : passes(a)) {
      const auto chunk = static_cast<std::size_t>(chunk_of(pass));
      if (makes_weight_gradient(pass.type)) last_backward_of[chunk] = i;
      ops += kOpsAround + kOpsOfPiece * chunks_[chunk].size() + steps(pass);
    }
    completes_[i] = context_.updates_behind(i);
  }
  if (flushes(context_.schedule))
    for (const std::size_t last : last_backward_of)
      if (last != SIZE_MAX) completes_[last] = true;
  builder_.reserve(kMain, ops);
}

void StageWriter::hold_states() {
  HeldStates held;
  std::vector<int> layers;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk) {
      held.add(piece);
      if (piece.kind == PieceKind::layer) layers.push_back(piece.layer);
      if (piece.kind == PieceKind::mtp) layers.push_back(context_.scenario.model.layers - 1);
    }
  const StateBytes states = held.states(context_);
  hold(states.parameters, MemoryCause::parameters, "parameters");
  hold(states.parameters * (weight_versions(context_.schedule, context_.stage) - 1), MemoryCause::parameters,
       "stashed weights");
  hold(states.gradients, MemoryCause::gradients, "gradients");
  hold(states.optimizer, MemoryCause::optimizer, "optimizer states");
  hold(transfers_.buffers(), MemoryCause::buffers, "stage input buffers");
  data_->hold_buffers();
  if (context_.scenario.software.dummy_weight_gradients)
    hold(dummy_weight_gradients(context_.scenario, layers), MemoryCause::buffers, "unread weight gradients");
}

// What the micro-batches that are in flight between two steps keep. Every forward
// takes as much as the backward behind it frees, so this much is always held.
void StageWriter::hold_in_flight() {
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

void StageWriter::hold(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts) {
  if (bytes.n > 0)
    builder_.resident(builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label), parts));
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

double StageWriter::parameters() const {
  double parameters = 0;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk)
      parameters += static_cast<double>(piece.parameters + piece.expert_parameters);
  return parameters;
}

std::size_t StageWriter::steps(const Action& pass) const {
  std::size_t n = 0;
  for (const PieceTemplate& piece : pieces_of(pass)) n += steps_of(piece, pass.type).size();
  return n;
}

// Kernels to launch between the values that the host waits for. Of an overlapped slot
// the passes are counted one after the other, although they are issued in turn.
std::vector<int> StageWriter::launches(const Action& action) const {
  std::vector<int> segments(1, 0);
  for (const Action& pass : passes(action))
    for (const PieceTemplate& piece : pieces_of(pass))
      for (const TemplateOp& op : steps_of(piece, pass.type)) {
        segments.back() += op.launches;
        if (op.kind == LayerStep::Kind::host_sync) segments.push_back(0);
      }
  return segments;
}

void StageWriter::action(std::size_t i) {
  const Action& a = context_.actions()[i];
  action_ = i;
  const sim::OpRef input = transfers_.before(i);
  if (context_.scenario.software.pipeline_sync && !input.is_none()) host_.wait_for(input);
  launches_ = launches(a);
  segment_ = 0;
  host_.begin(launches_[0]);

  const Passes both = passes(a);
  for (const Action& each : both) marker(sim::Marker::Kind::action_begin, each);
  free_output();
  if (both.count == 1)
    pass(a);
  else
    overlap(both.pass[0], both.pass[1]);
  host_.end();
  for (const Action& each : both) marker(sim::Marker::Kind::action_end, each);
  transfers_.after(i);
}

// The host needs a value of the main stream before it can launch what follows.
void StageWriter::sync_host() {
  host_.interrupt(launches_[++segment_]);
}

void StageWriter::marker(sim::Marker::Kind kind, const Action& pass) {
  builder_.marker(kMain, {kind, static_cast<char>(pass.type), static_cast<std::uint16_t>(chunk_of(pass)),
                          static_cast<std::uint32_t>(pass.micro_batch)});
}

std::uint32_t StageWriter::allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts) {
  const std::uint32_t buffer = builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label), parts);
  builder_.allocate(kMain, buffer);
  return buffer;
}

// Pieces of a pass stand in the order of the forward, or backward from the last.
std::size_t piece_at(const Action& pass, std::size_t turn, std::size_t pieces) {
  return pass.type == Action::Type::forward ? turn : pieces - 1 - turn;
}

void StageWriter::pass(const Action& pass) {
  const auto& pieces = pieces_of(pass);
  begin_pass(pass);
  for (std::size_t turn = 0; turn < pieces.size(); ++turn) {
    const std::size_t p = piece_at(pass, turn, pieces.size());
    begin_piece(pass, p);
    lists_.issue(steps_of(pieces[p], pass.type), [this] { sync_host(); });
    end_piece(pass, p);
  }
  end_pass(pass);
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
  for (const Cursor& c : cursors) begin_pass(c.pass);
  const auto advance = [this](Cursor& c) {
    const auto& pieces = pieces_of(c.pass);
    if (c.turn == pieces.size()) return false;
    const std::size_t p = piece_at(c.pass, c.turn, pieces.size());
    if (!c.list) {
      begin_piece(c.pass, p);
      c.list.emplace(context_, steps_of(pieces[p], c.pass.type), [this] { sync_host(); });
    }
    if (c.list->issue_to_collective()) return true;
    c.list.reset();
    end_piece(c.pass, p);
    ++c.turn;
    return true;
  };
  for (bool more = true; more;) {
    more = advance(cursors[0]);
    more = advance(cursors[1]) || more;
  }
  for (const Cursor& c : cursors) end_pass(c.pass);
}

void StageWriter::begin_pass(const Action& pass) {
  if (makes_input_gradient(pass.type)) release(outputs_, pass, 0);
}

void StageWriter::end_pass(const Action& pass) {
  if (pass.type != Action::Type::forward) return;
  const auto& pieces = pieces_of(pass);
  const bool is_last = pass.stage + 1 == context_.stages();
  if (is_last && context_.scenario.software.loss_average_per_micro_batch) average_loss(context_);
  if (pieces.empty() || is_last) return;
  const std::uint32_t output = allocate(pieces.back().output, MemoryCause::buffers, "stage output");
  if (context_.scenario.software.deallocate_outputs) {
    output_ = output;
  } else {
    slot(outputs_, pass, 0) = output;
  }
}

void StageWriter::begin_piece(const Action& pass, std::size_t p) {
  const int chunk = chunk_of(pass);
  const auto& pieces = pieces_of(pass);
  const PieceTemplate& piece = pieces[p];
  const bool forward = pass.type == Action::Type::forward;
  data_->before_piece(turn(pass, p));
  if (forward) {
    keep_activations(pass, p);
  } else if (offload_.active()) {
    offload_.bring(chunk, pass.micro_batch, p);
  }
  const Bytes transient = forward ? piece.forward_transient : piece.backward_transient;
  if (transient.n > 0) workspace_[forward ? 0 : 1] = allocate(transient, MemoryCause::buffers, "workspace");
}

void StageWriter::keep_activations(const Action& pass, std::size_t p) {
  const int chunk = chunk_of(pass);
  const auto& pieces = pieces_of(pass);
  const PieceTemplate& piece = pieces[p];
  if (offload_.takes(pieces, p))
    return offload_.keep(chunk, pass.micro_batch, p,
                         piece.saved_until_input_gradient + piece.saved_until_weight_gradient);
  if (piece.saved_until_input_gradient.n > 0)
    slot(until_input_, pass, p) = allocate(piece.saved_until_input_gradient, MemoryCause::activations, "activations",
                                           piece.tensors_until_input_gradient);
  if (piece.saved_until_weight_gradient.n > 0)
    slot(until_weight_, pass, p) = allocate(piece.saved_until_weight_gradient, MemoryCause::activations, "activations",
                                            piece.tensors_until_weight_gradient);
}

void StageWriter::end_piece(const Action& pass, std::size_t p) {
  const int chunk = chunk_of(pass);
  std::uint32_t& workspace = workspace_[pass.type == Action::Type::forward ? 0 : 1];
  if (workspace != kNoBuffer) builder_.free(kMain, workspace);
  workspace = kNoBuffer;
  if (pass.type == Action::Type::forward && offload_.takes(pieces_of(pass), p))
    offload_.send(chunk, pass.micro_batch, p);
  if (makes_input_gradient(pass.type)) release(until_input_, pass, p);
  if (makes_weight_gradient(pass.type)) {
    if (offload_.active()) offload_.drop(chunk, pass.micro_batch, p);
    release(until_weight_, pass, p);
  }
  data_->after_piece(turn(pass, p));
}

// What data parallelism wants to know of a piece's turn.
PieceTurn StageWriter::turn(const Action& pass, std::size_t p) const {
  return {pass.type, chunk_of(pass), p, makes_weight_gradient(pass.type) && completes_[action_]};
}

// A stage's output has left by the time the next action begins (Megatron-LM's
// deallocate_output_tensor keeps only its shape).
void StageWriter::free_output() {
  if (output_ != UINT32_MAX) builder_.free(kMain, output_);
  output_ = UINT32_MAX;
}

// The micro-batch under whose number a pass finds what its forward kept; in a
// stream without an end, what the forward before it kept (hold_in_flight).
int StageWriter::held_as(const Action& pass) const {
  const int carried = pass.type == Action::Type::forward ? 0 : carried_over(context_.schedule, context_.stage);
  return (pass.micro_batch + carried) % context_.schedule.request.micro_batches;
}

std::uint32_t& StageWriter::slot(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) const {
  const int place = chunk_of(pass) * context_.schedule.request.micro_batches + held_as(pass);
  return held[static_cast<std::size_t>(place) * most_pieces_ + piece];
}

void StageWriter::release(std::vector<std::uint32_t>& held, const Action& pass, std::size_t piece) {
  std::uint32_t& buffer = slot(held, pass, piece);
  if (buffer != kNoBuffer) builder_.free(kMain, buffer);
  buffer = kNoBuffer;
}

}  // namespace

sim::Program stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors) {
  StageContext context(scenario, schedule, rank, kernels, tensors);
  StageWriter(context).write();
  return std::move(context.builder).finish();
}

}  // namespace orrery::models
