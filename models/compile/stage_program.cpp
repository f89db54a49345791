#include "models/compile/stage_program.h"

#include <algorithm>

#include "models/compile/data_parallel.h"
#include "models/compile/host_timeline.h"
#include "models/compile/offload.h"
#include "models/compile/optimizer_step.h"
#include "models/compile/pipeline_transfers.h"
#include "models/compile/roles.h"
#include "models/memory/states.h"

namespace orrery::models {
namespace {

constexpr auto kMain = sim::kMainStream;

void resolve_labels(sim::ProgramBuilder& builder, std::vector<TemplateOp>& ops) {
  for (TemplateOp& op : ops) op.label_id = builder.label(op.label);
}

// The pieces of every model chunk of this rank, embedding and head with the ends.
Chunks make_chunks(StageContext& context) {
  const Scenario& s = context.scenario;
  const std::vector<int>& layers = s.pipeline.stage_layers;
  const int chunks = context.schedule.request.chunks;
  const int ranks = context.schedule.request.ranks;

  const bool split = std::any_of(context.actions().begin(), context.actions().end(),
                                 [](const Action& a) { return a.type == Action::Type::weight_gradient; });
  Chunks result(static_cast<std::size_t>(chunks));
  int layer_in_rank = 0;
  for (int c = 0; c < chunks; ++c) {
    const int stage = c * ranks + context.stage;  // linear and loop placement
    const auto add = [&](PieceKind kind, int layer) {
      PieceTemplate piece =
          make_piece_template(s, kind, layer, layer_in_rank, split, context.rank, context.kernels, context.tensors);
      for (auto* ops : {&piece.forward, &piece.input_gradient, &piece.weight_gradient, &piece.backward})
        resolve_labels(context.builder, *ops);
      result[static_cast<std::size_t>(c)].push_back(std::move(piece));
    };
    int first = 0;
    for (int i = 0; i < stage; ++i) first += layers[static_cast<std::size_t>(i)];
    if (stage == 0) add(PieceKind::embedding, 0);
    for (int i = 0; i < layers[static_cast<std::size_t>(stage)]; ++i, ++layer_in_rank) add(PieceKind::layer, first + i);
    if (stage + 1 == context.stages()) add(PieceKind::head, 0);
  }
  return result;
}

class StageWriter {
 public:
  explicit StageWriter(StageContext& context)
      : context_(context),
        builder_(context.builder),
        chunks_(make_chunks(context)),
        host_(context),
        transfers_(context),
        data_(make_data_parallel(context, chunks_)),
        offload_(context) {}

  void write();

 private:
  void prepare();
  void hold_states();
  void begin();
  void action(std::size_t i);
  void forward(const Action& action, int chunk);
  void backward(const Action& action, int chunk);
  void issue(const std::vector<TemplateOp>& ops);
  void marker(sim::Marker::Kind kind, const Action& action, int chunk);
  void with_transient(Bytes bytes, const std::vector<TemplateOp>& ops);
  void free_output();
  std::uint32_t allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts = 0);
  std::uint32_t& slot(std::vector<std::uint32_t>& held, int chunk, int mb, std::size_t piece) const;
  void release(std::vector<std::uint32_t>& held, int chunk, int mb, std::size_t piece);
  int launches(const Action& action, int chunk) const;

  StageContext& context_;
  sim::ProgramBuilder& builder_;
  Chunks chunks_;
  HostTimeline host_;
  PipelineTransfers transfers_;
  std::unique_ptr<DataParallel> data_;
  ActivationOffload offload_;
  std::vector<sim::OpRef> side_;  // of the list being issued, by step
  bool last_backward_ = false;
  std::uint32_t output_ = UINT32_MAX;  // the stage output that is on its way out
  // Buffers of live activations by (chunk, micro-batch, piece): see slot().
  std::size_t most_pieces_ = 1;
  std::vector<std::uint32_t> until_input_, until_weight_, outputs_;
  std::vector<std::size_t> last_backward_of_;  // by chunk: the action that completes its weight gradients
};

const std::vector<TemplateOp>& steps_of(const PieceTemplate& piece, Action::Type type) {
  switch (type) {
    case Action::Type::forward:
      return piece.forward;
    case Action::Type::backward:
      return piece.backward;
    case Action::Type::input_gradient:
      return piece.input_gradient;
    case Action::Type::overlap:
      break;
    case Action::Type::weight_gradient:
      return piece.weight_gradient;
  }
  return piece.forward;
}

void StageWriter::write() {
  hold_states();
  begin();
  prepare();
  for (std::size_t i = 0; i < context_.actions().size(); ++i) action(i);
  free_output();
  optimizer_step(context_, chunks_, *data_, host_);
  builder_.marker(kMain, {sim::Marker::Kind::step_end, ' ', 0, 0});
}

constexpr std::uint32_t kNoBuffer = UINT32_MAX;

bool completes_weights(Action::Type type) {
  return type == Action::Type::backward || type == Action::Type::weight_gradient;
}

void StageWriter::prepare() {
  last_backward_of_.assign(chunks_.size(), SIZE_MAX);
  for (const auto& chunk : chunks_) most_pieces_ = std::max(most_pieces_, chunk.size());
  const std::size_t slots =
      chunks_.size() * static_cast<std::size_t>(context_.schedule.request.micro_batches) * most_pieces_;
  for (auto* held : {&until_input_, &until_weight_, &outputs_}) held->assign(slots, kNoBuffer);

  constexpr std::size_t kOpsAround = 12;  // of an action: waits, markers, transfers, its output
  constexpr std::size_t kOpsOfPiece = 4;  // allocations
  std::size_t ops = 0;
  for (std::size_t i = 0; i < context_.actions().size(); ++i) {
    const Action& a = context_.actions()[i];
    const auto chunk = static_cast<std::size_t>(context_.schedule.chunk_of(a.stage, a.micro_batch));
    if (completes_weights(a.type)) last_backward_of_[chunk] = i;
    ops += kOpsAround + kOpsOfPiece * chunks_[chunk].size() +
           static_cast<std::size_t>(launches(a, static_cast<int>(chunk)));
  }
  builder_.reserve(kMain, ops);
}

void StageWriter::hold_states() {
  std::int64_t parameters = 0, tables = 0;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk) {
      parameters += piece.parameters;
      if (piece.kind != PieceKind::layer) tables += piece.parameters;
    }
  const StateBytes states = state_bytes(context_.scenario, parameters, 0, tables);
  const auto hold = [&](Bytes bytes, MemoryCause cause, std::string_view label) {
    if (bytes.n > 0) builder_.resident(builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label)));
  };
  hold(states.parameters, MemoryCause::parameters, "parameters");
  hold(states.gradients, MemoryCause::gradients, "gradients");
  hold(states.optimizer, MemoryCause::optimizer, "optimizer states");
  hold(transfers_.buffers(), MemoryCause::buffers, "stage input buffers");
  data_->hold_buffers();
  if (context_.scenario.software.dummy_weight_gradients)
    hold(dummy_weight_gradients(context_.scenario), MemoryCause::buffers, "unread weight gradients");
}

void StageWriter::begin() {
  double parameters = 0;
  for (const auto& chunk : chunks_)
    for (const PieceTemplate& piece : chunk) parameters += static_cast<double>(piece.parameters);
  host_.meet(context_.scenario.software.step_overhead, "data loading and logging");
  begin_step(context_, parameters);
}

int StageWriter::launches(const Action& action, int chunk) const {
  std::size_t n = 0;
  for (const PieceTemplate& piece : chunks_[static_cast<std::size_t>(chunk)]) n += steps_of(piece, action.type).size();
  return static_cast<int>(n);
}

void StageWriter::action(std::size_t i) {
  const Action& a = context_.actions()[i];
  const int chunk = context_.schedule.chunk_of(a.stage, a.micro_batch);
  const sim::OpRef input = transfers_.before(i);
  if (context_.scenario.software.pipeline_sync && !input.is_none()) host_.wait_for(input);
  host_.begin(launches(a, chunk));
  last_backward_ = last_backward_of_[static_cast<std::size_t>(chunk)] == i;

  marker(sim::Marker::Kind::action_begin, a, chunk);
  free_output();
  if (a.type == Action::Type::forward) {
    forward(a, chunk);
  } else {
    backward(a, chunk);
  }
  host_.end();
  marker(sim::Marker::Kind::action_end, a, chunk);
  transfers_.after(i);
}

void StageWriter::marker(sim::Marker::Kind kind, const Action& a, int chunk) {
  builder_.marker(kMain, {kind, static_cast<char>(a.type), static_cast<std::uint16_t>(chunk),
                          static_cast<std::uint32_t>(a.micro_batch)});
}

std::uint32_t StageWriter::allocate(Bytes bytes, MemoryCause cause, std::string_view label, std::uint16_t parts) {
  const std::uint32_t buffer = builder_.buffer(bytes, static_cast<std::uint8_t>(cause), builder_.label(label), parts);
  builder_.allocate(kMain, buffer);
  return buffer;
}

void StageWriter::forward(const Action& a, int chunk) {
  const auto& pieces = chunks_[static_cast<std::size_t>(chunk)];
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const PieceTemplate& piece = pieces[p];
    data_->before_piece({a.type, chunk, p, false});
    const bool leaves = offload_.takes(pieces, p);
    if (leaves)
      offload_.keep(chunk, a.micro_batch, p, piece.saved_until_input_gradient + piece.saved_until_weight_gradient);
    if (!leaves && piece.saved_until_input_gradient.n > 0)
      slot(until_input_, chunk, a.micro_batch, p) = allocate(piece.saved_until_input_gradient, MemoryCause::activations,
                                                             "activations", piece.tensors_until_input_gradient);
    if (!leaves && piece.saved_until_weight_gradient.n > 0)
      slot(until_weight_, chunk, a.micro_batch, p) =
          allocate(piece.saved_until_weight_gradient, MemoryCause::activations, "activations",
                   piece.tensors_until_weight_gradient);
    with_transient(piece.forward_transient, piece.forward);
    if (leaves) offload_.send(chunk, a.micro_batch, p);
    data_->after_piece({a.type, chunk, p, false});
  }
  const bool is_last = a.stage + 1 == context_.stages();
  if (is_last && context_.scenario.software.loss_average_per_micro_batch) average_loss(context_);
  if (pieces.empty() || is_last) return;
  const std::uint32_t output = allocate(pieces.back().output, MemoryCause::buffers, "stage output");
  if (context_.scenario.software.deallocate_outputs) {
    output_ = output;
  } else {
    slot(outputs_, chunk, a.micro_batch, 0) = output;
  }
}

// A stage's output has left by the time the next action begins (Megatron-LM's
// deallocate_output_tensor keeps only its shape).
void StageWriter::free_output() {
  if (output_ != UINT32_MAX) builder_.free(kMain, output_);
  output_ = UINT32_MAX;
}

std::uint32_t& StageWriter::slot(std::vector<std::uint32_t>& held, int chunk, int mb, std::size_t piece) const {
  const int micro_batches = context_.schedule.request.micro_batches;
  return held[static_cast<std::size_t>(chunk * micro_batches + mb) * most_pieces_ + piece];
}

void StageWriter::release(std::vector<std::uint32_t>& held, int chunk, int mb, std::size_t piece) {
  std::uint32_t& buffer = slot(held, chunk, mb, piece);
  if (buffer != kNoBuffer) builder_.free(kMain, buffer);
  buffer = kNoBuffer;
}

void StageWriter::backward(const Action& a, int chunk) {
  const auto& pieces = chunks_[static_cast<std::size_t>(chunk)];
  const bool input = a.type != Action::Type::weight_gradient;
  const bool weight = a.type != Action::Type::input_gradient;
  if (input) release(outputs_, chunk, a.micro_batch, 0);
  for (std::size_t p = pieces.size(); p-- > 0;) {
    const PieceTurn turn{a.type, chunk, p, last_backward_};
    data_->before_piece(turn);
    if (offload_.active()) offload_.bring(chunk, a.micro_batch, p);
    with_transient(pieces[p].backward_transient, steps_of(pieces[p], a.type));
    if (input) release(until_input_, chunk, a.micro_batch, p);
    if (weight && offload_.active()) offload_.drop(chunk, a.micro_batch, p);
    if (weight) release(until_weight_, chunk, a.micro_batch, p);
    data_->after_piece(turn);
  }
}

void StageWriter::with_transient(Bytes bytes, const std::vector<TemplateOp>& ops) {
  if (bytes.n <= 0) return issue(ops);
  const std::uint32_t buffer = allocate(bytes, MemoryCause::buffers, "workspace");
  issue(ops);
  builder_.free(kMain, buffer);
}

// Steps in order on the main stream; a side step starts behind the step before
// it and is waited for by name, or at the latest at the end of the list.
void StageWriter::issue(const std::vector<TemplateOp>& ops) {
  side_.assign(ops.size(), sim::OpRef::none());
  int waited = -1, issued = -1;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const TemplateOp& op = ops[i];
    const sim::StreamIndex stream = op.side ? context_.streams.tp : kMain;
    if (op.waits_for >= 0) {
      builder_.wait(stream, side_[static_cast<std::size_t>(op.waits_for)]);
      if (!op.side) waited = std::max(waited, op.waits_for);
    }
    if (op.side) builder_.wait(stream, builder_.last(kMain));
    const sim::OpRef ref = op.is_kernel
                               ? builder_.kernel(stream, op.cost, op.category, op.kernel_class, op.label_id, op.kernel)
                               : builder_.collective(stream, op.transfer, op.category, op.label_id);
    if (!op.side) continue;
    side_[i] = ref;
    issued = static_cast<int>(i);
  }
  if (issued > waited) builder_.wait(kMain, side_[static_cast<std::size_t>(issued)]);
}

}  // namespace

sim::Program stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors) {
  StageContext context(scenario, schedule, rank, kernels, tensors);
  StageWriter(context).write();
  return std::move(context.builder).finish();
}

}  // namespace orrery::models
