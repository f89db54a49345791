// Tensor parallelism in two and three dimensions: what a layer communicates, does and keeps, against the
// closed forms of the papers. h hidden, b sequences of s tokens, p ranks, q the side.
#include <gtest/gtest.h>

#include "models/architecture/parameters.h"
#include "models/scenario/reader.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kHidden = 1024, kTokens = 16 * 512, kElement = 2;

// A GPT layer without biases: weights are 12 h^2, the inputs of its products 7 bsh.
Scenario grid(const std::string& dimensions, int tp, const std::vector<Override>& more = {}) {
  Result<Scenario> scenario = parse_scenario(R"(
model: {layers: 2, hidden: 1024, heads: 16, vocab: 32768, activation: gelu, bias: false, positions: rope, tied_embeddings: false}
cluster: {preset: ideal, nodes: 1, gpus_per_node: )" +
                                                 std::to_string(tp) +
                                                 R"(}
training: {sequence_length: 512, global_batch: 16, micro_batch: 16}
software: ideal
layout: {pp: 1, tp: )" + std::to_string(tp) +
                                                 ", tp_dimensions: " + dimensions + "}\n",
                                             "grid.yaml", more);
  EXPECT_TRUE(scenario.ok()) << (scenario.ok() ? "" : to_string(scenario.errors().front()));
  return scenario.ok() ? *scenario : Scenario();
}

PieceWork layer(const Scenario& scenario) {
  return piece_work(scenario, PieceKind::layer, 0, 0);
}

std::int64_t moved(const Steps& steps) {
  return bytes_of(steps, sim::TransferKind::broadcast) + bytes_of(steps, sim::TransferKind::reduce);
}

std::int64_t cut_and_gathered(const Steps& steps) {
  return bytes_of(steps, sim::TransferKind::all_gather) + bytes_of(steps, sim::TransferKind::reduce_scatter);
}

// Optimus (arXiv:2104.05343), section 3.2: (7 bsh + 12 h^2) / sqrt(p) forward, twice that backward.
TEST(Square, CommunicatesWhatOptimusSays) {
  for (const int q : {2, 4}) {
    const PieceWork work = layer(grid("2d", q * q));
    const std::int64_t once = kElement * (7 * kTokens * kHidden + 12 * kHidden * kHidden) / q;
    EXPECT_EQ(moved(work.forward), once);
    EXPECT_EQ(bytes_of(work.forward, sim::TransferKind::reduce), 0);
    EXPECT_EQ(moved(work.backward), 2 * once);
    EXPECT_EQ(moved(work.input_gradient) + moved(work.weight_gradient), 2 * once);
  }
}

// Tesseract (arXiv:2105.14500), section 3.1: every level does what a square does with its part of the batch.
TEST(Tesseract, CommunicatesASquaresWeightsAndItsPartOfTheBatch) {
  const auto expect = [](int tp, int side, int depth) {
    const PieceWork work = layer(grid("2.5d", tp));
    const std::int64_t once = kElement * (7 * kTokens * kHidden / (side * depth) + 12 * kHidden * kHidden / side);
    EXPECT_EQ(moved(work.forward), once) << tp;
    EXPECT_EQ(moved(work.backward), 2 * once) << tp;
  };
  expect(4, 2, 1);
  expect(8, 2, 2);
  expect(16, 4, 1);
  expect(32, 4, 2);
  expect(64, 4, 4);
}

// arXiv:2105.14450, section 3: each product gathers its input and its weight and cuts its output, over p^(2/3) each;
// inputs and outputs of a layer's products are 7 bsh and 9 bsh.
TEST(Cube, CommunicatesOverTwoThirdsOfItsDimensions) {
  for (const int side : {2, 4}) {
    const PieceWork work = layer(grid("3d", side * side * side));
    const std::int64_t once = kElement * (16 * kTokens * kHidden + 12 * kHidden * kHidden) / (side * side);
    EXPECT_EQ(cut_and_gathered(work.forward), once);
    EXPECT_EQ(cut_and_gathered(work.backward), once);
  }
}

// All ranks together do the operations of one.
TEST(Grid, DividesTheProducts) {
  const PieceWork alone = layer(grid("1d", 1));
  const auto both = [](const Steps& steps) { return gemm_flops(steps, false) + gemm_flops(steps, true); };
  for (const auto& [dimensions, tp] : {std::pair("2d", 4), {"2d", 16}, {"2.5d", 8}, {"3d", 8}, {"3d", 64}}) {
    const Scenario scenario = grid(dimensions, tp);
    for (const PieceKind kind : {PieceKind::layer, PieceKind::head}) {
      const PieceWork whole = piece_work(grid("1d", 1), kind, 0, 0), part = piece_work(scenario, kind, 0, 0);
      EXPECT_EQ(tp * both(part.forward), both(whole.forward)) << dimensions << tp;
      EXPECT_EQ(tp * both(part.backward), both(whole.backward)) << dimensions << tp;
    }
    double cores = 0, core = 0;
    for (const LayerStep& step : alone.forward)
      if (attention(step)) core += step.kernel.flops().n;
    for (const LayerStep& step : layer(scenario).forward)
      if (attention(step)) cores += step.kernel.flops().n;
    EXPECT_EQ(tp * cores, core) << dimensions << tp;
  }
}

// Nothing is kept twice: sequence parallelism without the sequence. A cube keeps inputs and weights as they were
// gathered.
TEST(Grid, DividesWhatALayerKeeps) {
  const std::int64_t whole = saved_bytes(layer(grid("1d", 1)));
  for (const auto& [dimensions, tp] : {std::pair("2d", 4), {"2d", 16}, {"2.5d", 8}, {"2.5d", 32}})
    EXPECT_EQ(tp * saved_bytes(layer(grid(dimensions, tp))), whole) << dimensions << tp;
  for (const int side : {2, 4}) {
    const int p = side * side * side;
    const std::int64_t gathered = kElement * (7 * kTokens * kHidden * (side - 1) + 12 * kHidden * kHidden * side) / p;
    EXPECT_EQ(saved_bytes(layer(grid("3d", p))), whole / p + gathered);
  }
}

// Weights stand once in a square or a cube, and once on every level of a tesseract.
TEST(Grid, DividesTheParameters) {
  const auto parameters = [](const Scenario& s) {
    std::int64_t sum = 0;
    for (const PieceKind kind : {PieceKind::embedding, PieceKind::layer, PieceKind::head})
      sum += piece_parameters(s, kind, 0).dense();
    return sum;
  };
  const std::int64_t whole = parameters(grid("1d", 1));
  EXPECT_EQ(4 * parameters(grid("2d", 4)), whole);
  EXPECT_EQ(16 * parameters(grid("2d", 16)), whole);
  EXPECT_EQ(8 * parameters(grid("2.5d", 8)), 2 * whole);
  // A cube's norms are split along its side alone: three norms of 2 h here.
  EXPECT_EQ(8 * parameters(grid("3d", 8)), whole + 3 * 2 * kHidden * 3);
}

// A 2.5d group takes the deepest grid: with one level it is the square.
TEST(Tesseract, OfOneLevelIsASquare) {
  const PieceWork flat = layer(grid("2d", 16)), level = layer(grid("2.5d", 16));
  EXPECT_EQ(labels(flat.forward), labels(level.forward));
  EXPECT_EQ(moved(flat.backward), moved(level.backward));
}

}  // namespace
}  // namespace orrery::models
