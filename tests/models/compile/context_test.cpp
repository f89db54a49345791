// Context parallelism: the sequence split over ranks.

#include "models/architecture/attention/context_attention.h"
#include "models/compile/roles.h"
#include "models/compute/attention.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Ring = ContextSplit::Ring;

ContextSplit ring(int ranks, Ring kind) {
  return {1, ranks, kind};
}

double pairs(const ContextSplit& split, std::int64_t length, int rank) {
  double sum = 0;
  for (const AttentionBlock& block : attention_blocks(split, length, rank)) {
    const auto queries = static_cast<double>(block.queries), keys = static_cast<double>(block.keys);
    sum += block.causal ? queries * (keys - queries) + queries * queries / 2 : queries * keys;
  }
  return sum;
}

// Whatever way the causal triangle is cut, its pieces add up to it.
TEST(ContextParallel, BlocksOverRanksAddUpToTheTriangle) {
  constexpr std::int64_t kLength = 8192;
  for (const Ring kind : {Ring::plain, Ring::zigzag, Ring::gather})
    for (const int ranks : {1, 2, 4, 8, 16}) {
      double sum = 0;
      for (int rank = 0; rank < ranks; ++rank) sum += pairs(ring(ranks, kind), kLength, rank);
      EXPECT_DOUBLE_EQ(sum, 0.5 * kLength * kLength) << ranks << " ranks, kind " << static_cast<int>(kind);
    }
}

TEST(ContextParallel, ZigzagIsEvenAndAPlainRingIsNot) {
  EXPECT_EQ(pairs(ring(8, Ring::zigzag), 8192, 0), pairs(ring(8, Ring::zigzag), 8192, 7));
  // The last of r ranks has r - 1 squares and a triangle, the first a triangle: 2 r - 1 times as much.
  EXPECT_EQ(pairs(ring(8, Ring::plain), 8192, 7), 15 * pairs(ring(8, Ring::plain), 8192, 0));
}

std::vector<Override> split_over(const char* cp, const char* method) {
  return {{"layout.cp", cp}, {"layout.cp_method", method}, {"training.sequence_length", "16384"}};
}

const std::vector<const char*> kMethods = {"ring", "ring_zigzag", "all_gather", "ulysses", "{ulysses: 2, ring: 2}"};

TEST(ContextParallel, AtDegreeOneEveryMethodIsItsAbsence) {
  const Digest without = run_folded(compiled(read(small_scenario()))).digest;
  for (const char* method : {"ring", "ring_zigzag", "all_gather", "ulysses", "{ulysses: 1, ring: 1}"})
    EXPECT_EQ(run_folded(compiled(read(small_scenario(), {{"layout.cp_method", method}}))).digest, without) << method;
}

TEST(ContextParallel, FoldedIsUnfolded) {
  for (const char* method : kMethods)
    for (const char* nodes : {"1", "2"}) {
      std::vector<Override> overrides = split_over("4", method);
      overrides.push_back({"cluster.nodes", nodes});
      const Compiled c = compiled(read(small_scenario(), overrides));
      for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
      EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest) << method << " on " << nodes;
      EXPECT_EQ(run_every_rank(c, false).digest, run_every_rank(c).digest) << method << " on " << nodes;
    }
}

// A ring over nodes too: rank order puts cp behind tp, so that it crosses them.
TEST(ContextParallel, ARingOverNodesFoldsExactly) {
  std::vector<Override> overrides = split_over("4", "ring_zigzag");
  overrides.insert(overrides.end(), {{"cluster.nodes", "4"}, {"layout.tp", "8"}});
  const Compiled c = compiled(read(small_scenario(), overrides));
  EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest);
}

TEST(ContextParallel, AnUnbalancedRingIsSlowerAndMeansDifferentPrograms) {
  const auto step = [](const char* method) {
    return run_folded(compiled(read(small_scenario(), split_over("8", method)))).step_time();
  };
  EXPECT_GT(step("ring"), step("ring_zigzag"));
  EXPECT_EQ(compiled(read(small_scenario(), split_over("8", "ring"))).workload.programs.size(), 8u);
  EXPECT_EQ(compiled(read(small_scenario(), split_over("8", "ring_zigzag"))).workload.programs.size(), 1u);
}

Bytes sent(const char* method, sim::GroupRole role, sim::TransferKind kind) {
  const Compiled c = compiled(read(small_scenario(), split_over("4", method)));
  const sim::Program& program = c.workload.programs[ProgramId{0}];
  Bytes sum;
  for (const sim::Stream& stream : program.streams)
    for (const sim::Op& op : stream.ops) {
      if (op.kind != sim::OpKind::collective) continue;
      const sim::Transfer& t = program.transfers[static_cast<std::size_t>(op.payload)];
      if (t.role == role && t.kind == kind) sum += t.bytes;
    }
  return sum;
}

// A layer's keys and values: 2 x 16-bit x hidden a token; cp 4, so eight micro-batches of two replicas.
TEST(ContextParallel, BytesAreThoseOfKeysAndValues) {
  constexpr std::int64_t kLayers = 8, kMicroBatches = 8, kPiece = 16384 / 4 * 2 * 2 * 1024, kRanks = 4;
  // Ring: r - 1 pieces forward; backward r - 1 of keys and values and as many of their gradients.
  EXPECT_EQ(sent("ring_zigzag", role::cp_ring, sim::TransferKind::ring_shift).n,
            kLayers * kMicroBatches * 3 * (kRanks - 1) * kPiece);
  // Gathered for each pass, gradients scattered once.
  EXPECT_EQ(sent("all_gather", role::cp_ring, sim::TransferKind::all_gather).n,
            kLayers * kMicroBatches * 2 * kRanks * kPiece);
  EXPECT_EQ(sent("all_gather", role::cp_ring, sim::TransferKind::reduce_scatter).n,
            kLayers * kMicroBatches * kRanks * kPiece);
  // Ulysses (arXiv:2309.14509): four tensors of sbh/cp forward, and back.
  EXPECT_EQ(sent("ulysses", role::cp_ulysses, sim::TransferKind::all_to_all).n,
            kLayers * kMicroBatches * 2 * 4 * (kPiece / 2));
}

// The same tokens on the same ranks: a longer sequence split costs more only in the core.
TEST(ContextParallel, DocumentsCostWhatTheyAttendTo) {
  const auto step = [](const std::vector<Override>& more) {
    std::vector<Override> overrides = {{"training.sequence_length", "16384"}};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return run_folded(compiled(read(small_scenario(), overrides))).step_time();
  };
  const Duration whole = step({}), packed = step({{"training.document_lengths", "{mean: 2048}"}});
  EXPECT_LT(packed, whole);
  EXPECT_EQ(step({{"training.document_lengths", "{mean: 16384}"}}), whole);
  // Spread lengths have more pairs at the same mean.
  EXPECT_GT(step({{"training.document_lengths", "{mean: 2048, spread: 2048}"}}), packed);
}

}  // namespace
}  // namespace orrery::models
