#include "models/memory/start_up.h"

#include <gtest/gtest.h>

#include "models/architecture/parameters.h"
#include "models/memory/allocation_replay.h"
#include "models/memory/cause.h"
#include "models/memory/states.h"
#include "sim/base/random.h"
#include "tests/models/architecture/known_models.h"

namespace orrery::models {
namespace {

using StateTensors = Stack::StateTensors;
constexpr std::int64_t kMebi = 1 << 20;

HeldWeights held_by(const Scenario& scenario) {
  HeldWeights held;
  held.pieces.push_back({PieceKind::embedding, 0});
  for (int layer = 0; layer < scenario.model.layers; ++layer) held.pieces.push_back({PieceKind::layer, layer});
  held.pieces.push_back({PieceKind::head, 0});
  return held;
}

// What is allocated when all of a list is done, and before it is.
std::int64_t left_by(const std::vector<std::int64_t>& requests) {
  std::int64_t sum = 0;
  for (const std::int64_t request : requests)
    sum += request >= 0 ? request : -requests[static_cast<std::size_t>(-1 - request)];
  return sum;
}

Scenario of(ModelSpec model, StateTensors tensors, int dp, int ep = 1) {
  model.layers = 4;
  Scenario scenario = scenario_of(model, 2048);
  scenario.layout.dp = dp;
  scenario.layout.ep = ep;
  scenario.software.state_tensors = tensors;
  scenario.overlap.gradients = false;
  return scenario;
}

TEST(Weights, AddUpToThePiece) {
  for (ModelSpec model : {gpt3_175b(), llama_70b(), mixtral_8x7b(), deepseek_v3()}) {
    model.mtp_layers = 1;
    for (const int tp : {1, 4}) {
      Scenario scenario = scenario_of(model, 2048, tp);
      scenario.layout.ep = model.moe ? 4 : 1;
      scenario.layout.dp = 4;
      for (const PieceKind kind : {PieceKind::embedding, PieceKind::layer, PieceKind::mtp, PieceKind::head}) {
        const PieceParameters size = piece_parameters(scenario, kind, 5);
        std::int64_t dense = 0, experts = 0;
        for (const Weight& weight : piece_weights(scenario, kind, 5)) {
          EXPECT_GT(weight.elements, 0);
          (weight.expert ? experts : dense) += weight.elements;
        }
        EXPECT_EQ(dense, size.dense());
        EXPECT_EQ(experts, size.experts);
      }
    }
  }
}

TEST(Weights, EveryExpertHasItsOwn) {
  Scenario scenario = scenario_of(mixtral_8x7b(), 2048);
  scenario.layout.ep = 2;
  scenario.layout.dp = 2;
  int experts = 0;
  for (const Weight& weight : piece_weights(scenario, PieceKind::layer, 0)) experts += weight.expert;
  EXPECT_EQ(experts, 2 * 4);  // fc1 and fc2 of four
}

// However states are cut into tensors, a rank holds what state_bytes says; ends of a cut buffer differ by its padding.
TEST(StartUp, LeavesTheStatesOfOneRank) {
  for (const StateTensors tensors : {StateTensors::each, StateTensors::buffers})
    for (const int zero : {0, 1})
      for (const ModelSpec& model : {llama_8b(), mixtral_8x7b()}) {
        Scenario scenario = of(model, tensors, 4, model.moe ? 2 : 1);
        scenario.layout.zero = zero;
        std::int64_t dense = 0, experts = 0;
        const HeldWeights held = held_by(scenario);
        for (const HeldWeights::Piece& piece : held.pieces) {
          dense += piece_parameters(scenario, piece.kind, piece.layer).dense();
          experts += piece_parameters(scenario, piece.kind, piece.layer).experts;
        }
        const double expected = static_cast<double>(state_bytes(scenario, dense, experts).total().n);
        for (const StartUp& start : start_ups(scenario, held))
          EXPECT_NEAR(static_cast<double>(left_by(start.before_first_step) + left_by(start.behind_first_step)),
                      expected, 4096);
      }
}

// The ranks of a shard group hold every master copy and moment once between them, although they cut across weights.
TEST(StartUp, ShardsAddUpToTheWhole) {
  Scenario scenario = of(llama_8b(), StateTensors::buffers, 4);
  scenario.layout.zero = 1;
  const HeldWeights held = held_by(scenario);
  const std::vector<StartUp> ranks = start_ups(scenario, held);
  ASSERT_EQ(ranks.size(), 4u);
  std::int64_t moments = 0, elements = 0;
  for (const StartUp& rank : ranks) moments += left_by(rank.behind_first_step);
  for (const HeldWeights::Piece& piece : held.pieces)
    elements += piece_parameters(scenario, piece.kind, piece.layer).dense();
  EXPECT_EQ(moments, 8 * elements);
  EXPECT_NE(ranks[0].behind_first_step, ranks[1].behind_first_step);
}

// One way or the other, gradients reduced in buckets are cut everywhere, and all ranks ask about alike.
TEST(StartUp, OneRankSpeaksForAllThatAskAlike) {
  Scenario scenario = of(llama_8b(), StateTensors::buffers, 4);
  scenario.layout.zero = 1;
  scenario.overlap.gradients = true;
  EXPECT_EQ(start_ups(scenario, held_by(scenario)).size(), 1u);
  scenario.software.state_tensors = StateTensors::one;
  EXPECT_TRUE(start_ups(scenario, held_by(scenario)).empty());
}

// Activations of the first step find room; moments then take their segment, and the second step needs another.
TEST(StartUp, MomentsTakeWhatTheFirstStepLeft) {
  sim::ProgramBuilder builder("stage");
  const sim::StreamIndex main = builder.add_stream("compute");
  HeldWeights held;
  held.buffers = {builder.buffer({300 * kMebi}, 0, builder.label("optimizer states"))};
  builder.resident(held.buffers.front());
  const auto cause = static_cast<std::uint8_t>(MemoryCause::activations);
  const std::uint32_t saved = builder.buffer({150 * kMebi}, cause, builder.label("activations"));
  builder.allocate(main, saved);
  builder.free(main, saved);
  const sim::Program program = std::move(builder).finish();
  StartUp start;
  start.before_first_step = {100 * kMebi};
  start.behind_first_step = {100 * kMebi, 100 * kMebi};
  EXPECT_EQ(peak_reserved(program, {{}}, {}).n, 450 * kMebi);
  EXPECT_EQ(peak_reserved(program, {{}}, {}, held, &start).n, (100 + 150 + 100 + 150) * kMebi);
}

// Weights that moved to a buffer leave room for a gradient of the same shape, which comes with the first backward.
TEST(StartUp, WhatIsFreedServesTheFirstBackward) {
  sim::ProgramBuilder builder("stage");
  const sim::StreamIndex main = builder.add_stream("compute");
  const auto cause = static_cast<std::uint8_t>(MemoryCause::activations);
  const std::uint32_t saved = builder.buffer({50 * kMebi}, cause, builder.label("activations"));
  builder.allocate(main, saved);
  builder.free(main, saved);
  const sim::Program program = std::move(builder).finish();
  StartUp start;
  start.before_first_step = {64 * kMebi, 80 * kMebi, -1};
  start.in_first_backward = {64 * kMebi};
  EXPECT_EQ(peak_reserved(program, {{}}, {}, {}, &start).n, (64 + 80 + 64) * kMebi);
}

// Allocates and frees at random, and leaves nothing behind.
sim::Program random_program(std::uint64_t seed) {
  const KeyedRandom random(seed);
  sim::ProgramBuilder builder("stage");
  const sim::StreamIndex main = builder.add_stream("compute");
  const auto cause = static_cast<std::uint8_t>(MemoryCause::activations);
  std::vector<std::uint32_t> held;
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (held.empty() || random.bits(3 * i) % 3 != 0) {
      const auto bytes = static_cast<std::int64_t>(random.bits(3 * i + 1) % static_cast<std::uint64_t>(40 * kMebi));
      held.push_back(builder.buffer({bytes}, cause, builder.label("activations"), i % 5 == 0 ? 1 : 0));
      builder.allocate(main, held.back());
    } else {
      const std::size_t which = random.bits(3 * i + 2) % held.size();
      builder.free(main, held[which]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  for (const std::uint32_t buffer : held) builder.free(main, buffer);
  return std::move(builder).finish();
}

void expect_those_of_each(const Scenario& scenario, const HeldWeights& held) {
  const std::vector<std::vector<Bytes>> tensors = {{}, {{3 * kMebi}, {11 * kMebi}}};
  const std::vector<StartUp> starts = start_ups(scenario, held);
  ReservedPeaks peaks(tensors, {});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Program program = random_program(seed % 10);  // each twice
    Bytes expected = starts.empty() ? peak_reserved(program, tensors, {}, held) : Bytes{};
    for (const StartUp& start : starts)
      expected = std::max(expected, peak_reserved(program, tensors, {}, held, &start));
    EXPECT_EQ(peaks.of(program, scenario, held), expected);
  }
}

// What was replayed once, for whichever program and rank, is what each replay would say. The rank that holds most is
// the first where there is an embedding, the last where there is a head.
TEST(ReservedPeaks, AreThoseOfEachRankReplayedByItself) {
  Scenario scenario = of(llama_8b(), StateTensors::buffers, 4);
  scenario.layout.zero = 1;
  HeldWeights first = held_by(scenario), last = first;
  first.pieces.pop_back();
  last.pieces.erase(last.pieces.begin());
  HeldWeights none = last;
  none.pieces.pop_back();
  for (const HeldWeights* held : {&first, &last, &none}) {
    ASSERT_GT(start_ups(scenario, *held).size(), 1u);
    expect_those_of_each(scenario, *held);
  }
  scenario.software.state_tensors = StateTensors::one;
  ASSERT_TRUE(start_ups(scenario, first).empty());
  expect_those_of_each(scenario, first);
}

}  // namespace
}  // namespace orrery::models
