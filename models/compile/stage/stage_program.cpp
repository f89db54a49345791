#include "models/compile/stage/stage_program.h"

#include <optional>
#include <utility>

#include "models/compile/data_parallel/data_parallel.h"
#include "models/compile/data_parallel/optimizer_step.h"
#include "models/compile/pieces/chunks.h"
#include "models/compile/pieces/host_timeline.h"
#include "models/compile/pieces/issue.h"
#include "models/compile/pipeline/pipeline_transfers.h"
#include "models/compile/roles.h"
#include "models/compile/stage/pass_blocks.h"
#include "models/compile/stage/pass_counts.h"
#include "models/compile/stage/rounds.h"
#include "models/compile/stage/stage_buffers.h"

namespace orrery::models {
namespace {

constexpr auto kMain = sim::kMainStream;

class StageWriter {
 public:
  StageWriter(StageContext& context, KnownPasses& passes)
      : context_(context),
        builder_(context.builder),
        chunks_(make_chunks(context)),
        host_(context),
        transfers_(context),
        data_(make_data_parallel(context, chunks_)),
        buffers_(context, chunks_, passes.lists()),
        lists_(context),
        blocks_(context, chunks_, buffers_, passes),
        counts_(context, chunks_),
        rounds_(context, transfers_, completes_) {}

  void write();
  const HeldWeights& held() const { return buffers_.held(); }

 private:
  void hold();
  void prepare();
  void make_room(bool for_passes);
  void begin();
  void update();
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
  Chunks chunks_;
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
  if (flushes(context_.schedule)) optimizer_step(context_, chunks_, *data_, host_);
  builder_.marker(kMain, {sim::Marker::Kind::step_end, ' ', 0, 0});
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
  builder_.reserve(kMain, ops);
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
  builder_.marker(kMain, {kind, static_cast<char>(pass.type), static_cast<std::uint16_t>(context_.chunk_of(pass)),
                          static_cast<std::uint32_t>(pass.micro_batch)});
}

// Pieces of a pass stand in the order of the forward, or backward from the last.
std::size_t piece_at(const Action& pass, std::size_t turn, std::size_t pieces) {
  return pass.type == Action::Type::forward ? turn : pieces - 1 - turn;
}

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

}  // namespace

StageProgram stage_program(const Scenario& scenario, const Schedule& schedule, const RankKind& rank,
                           KernelTable& kernels, TensorTable& tensors, KnownLayers& layers, KnownPasses& passes,
                           Form form) {
  StageContext context(scenario, schedule, rank, kernels, tensors, layers, form);
  StageWriter writer(context, passes);
  writer.write();
  return {std::move(context.builder).finish(), writer.held()};
}

}  // namespace orrery::models
