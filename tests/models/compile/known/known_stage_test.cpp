#include "models/compile/known/known_stage.h"

#include <array>

#include "models/compile/pipeline/schedule_of.h"
#include "sim/alike.h"
#include "sim/base/random.h"
#include "tests/models/compile/known/same_program.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// What stages of a scenario are written with.
struct Desk {
  explicit Desk(const Scenario& s)
      : scenario(s),
        costs(cost_models(scenario.cluster, scenario.software, nullptr, {})),
        kernels(costs),
        schedule(schedule_of(scenario, kernels).value()) {}

  StageContext stage(int stage) {
    return {scenario, schedule, {stage, 1.0, 0, 0, 0}, kernels, tensors, layers, Form::with_calls};
  }

  const Scenario& scenario;
  std::deque<CostModel> costs;
  KernelTable kernels;
  TensorTable tensors;
  KnownLayers layers;
  Schedule schedule;
};

// Draws a few numbers over and over, so that some are equal that need not be.
class Draw {
 public:
  explicit Draw(std::uint64_t key) : random_(key) {}

  std::uint64_t below(std::uint64_t n) { return random_.bits(count_++) % n; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }

 private:
  KeyedRandom random_;
  std::uint64_t count_ = 0;
};

// Changes numbers of pieces; those that work like the one before stay so.
template <class Change>
Chunks changed(Chunks chunks, const Change& change) {
  for (auto& chunk : chunks) {
    const TemplateOp* before = nullptr;
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      PieceTemplate& piece = chunk[i];
      const TemplateOp* const here = piece.forward.data();
      if (i > 0 && here != nullptr && here == before) {
        const int layer = piece.layer;
        piece = chunk[i - 1];
        piece.layer = layer;
      } else {
        change(piece);
      }
      before = here;
    }
  }
  return chunks;
}

template <class See>
void each_size(PieceTemplate& piece, const See& see) {
  for (Bytes* size : {&piece.saved_until_input_gradient, &piece.saved_until_weight_gradient, &piece.forward_transient,
                      &piece.backward_transient, &piece.output})
    see(*size);
  for (auto* steps : {&piece.forward, &piece.input_gradient, &piece.weight_gradient, &piece.backward})
    for (TemplateOp& step : steps->edit())
      if (step.kind == LayerStep::Kind::collective) see(step.transfer.bytes);
}

// Of few sizes, some of them zero.
Chunks of_few_sizes(const Chunks& chunks, Draw& draw) {
  return changed(chunks, [&](PieceTemplate& piece) {
    each_size(piece, [&](Bytes& size) { size = Bytes{static_cast<std::int64_t>(draw.below(5)) * 4096}; });
  });
}

// Each size has become another one, and now and then one of them yet another one, or a piece has more parameters.
Chunks of_other_sizes(const Chunks& chunks, Draw& draw) {
  std::array<std::int64_t, 5> now{};
  for (std::size_t i = 1; i < now.size(); ++i) now[i] = 1000 * static_cast<std::int64_t>(draw.below(50) + 1);
  const bool breaks = draw.once_in(2), grows = draw.once_in(3);
  return changed(chunks, [&](PieceTemplate& piece) {
    each_size(piece, [&](Bytes& size) {
      size = Bytes{now[static_cast<std::size_t>(size.n / 4096)]};
      if (breaks && draw.once_in(20)) size = Bytes{static_cast<std::int64_t>(draw.below(3)) * 1000};
    });
    if (grows && piece.kind != PieceKind::loss) piece.parameters += 128;
  });
}

// A law: a stage that is renewed is as if it were written, and alike the one that it is of.
TEST(KnownStage, IsAsIfWritten) {
  const std::vector<std::vector<Override>> settings = {
      {{"layout", "{tp: 2, pp: 4}"}},
      {{"layout", "{tp: 2, pp: 4}"}, {"software", "megatron-2021"}, {"overlap.pipeline", "false"}},
      {{"layout", "{tp: 2, pp: 2, dp: 2, zero: 1}"}},
      {{"layout", "{tp: 2, pp: 2, dp: 2, sequence_parallel: false}"}, {"pipeline", "{schedule: zb-h1}"}},
      {{"layout", "{tp: 2, pp: 2, dp: 2, ep: 2}"}, {"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"}}};
  int renewed = 0, written = 0;
  for (const auto& setting : settings) {
    const Scenario scenario = read(small_scenario(), setting);
    for (std::uint64_t turn = 0; turn < 60; ++turn) {
      SCOPED_TRACE(turn);
      Draw draw(turn);
      Desk desk(scenario);
      const int stage = static_cast<int>(turn % static_cast<std::uint64_t>(desk.scenario.layout.pp));
      StageContext context = desk.stage(stage);
      const Chunks chunks = of_few_sizes(make_chunks(context), draw);
      KnownPasses passes, other_passes;
      TimedBlocks blocks;
      const StageProgram program = write_stage(context, chunks, passes);
      std::optional<KnownStage> known = KnownStage::of(context, chunks, program);

      const Chunks others = of_other_sizes(chunks, draw);
      const StageContext here = desk.stage(stage);
      StageContext there = desk.stage(stage);
      const std::optional<StageProgram> again = known ? known->renewed(here, others, blocks) : std::nullopt;
      ++(again ? renewed : written);
      if (!again) continue;
      const StageProgram expected = write_stage(there, others, other_passes);
      expect_same(again->program, expected.program);
      expect_same(again->held, expected.held);
      EXPECT_TRUE(sim::alike(again->program, program.program));
    }
  }
  EXPECT_GT(renewed, 50);
  EXPECT_GT(written, 50);
}

}  // namespace
}  // namespace orrery::models
