// layout.by_layers: layers with a smaller tensor-parallel degree than the layout's.

#include <algorithm>
#include <map>
#include <tuple>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/compile/roles.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// Tensor-parallel sets of four on eight GPUs, with samples for four.
std::vector<Override> fours(const std::vector<Override>& more = {}) {
  std::vector<Override> overrides = {{"layout.tp", "4"}, {"training.micro_batch", "4"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

Override by_layers(const char* ranges) {
  return {"layout.by_layers", ranges};
}

// A kernel's time, or a collective's bytes.
struct Issued {
  std::string label;
  std::int64_t amount = 0;
  auto operator<=>(const Issued&) const = default;
};

// What a program issues under labels that begin with `piece`, without what redistributes activations.
std::vector<Issued> issued(const sim::Program& program, std::string_view piece) {
  std::vector<Issued> all;
  for (const sim::Stream& stream : program.streams)
    for (std::size_t i = 0; i < stream.ops.size(); ++i) {
      const sim::Op& op = stream.ops[i];
      const std::string& label = program.labels[stream.notes[i].label];
      const bool moves = label.find("of input") != std::string::npos || label.find("rearrange") != std::string::npos;
      if (moves || !label.starts_with(piece)) continue;
      if (op.kind == sim::OpKind::kernel) all.push_back({label, op.payload});
      if (op.kind == sim::OpKind::collective) all.push_back({label, program.transfer_of(op).bytes.n});
    }
  std::sort(all.begin(), all.end());
  return all;
}

// Bytes of collectives whose label has this in it, by role.
std::map<sim::GroupRole, std::int64_t> bytes_of(const sim::Program& program, std::string_view part) {
  std::map<sim::GroupRole, std::int64_t> sum;
  for (const sim::Stream& stream : program.streams)
    for (std::size_t i = 0; i < stream.ops.size(); ++i)
      if (stream.ops[i].kind == sim::OpKind::collective &&
          program.labels[stream.notes[i].label].find(part) != std::string::npos)
        sum[program.transfer_of(stream.ops[i]).role] += program.transfer_of(stream.ops[i]).bytes.n;
  return sum;
}

TEST(LayerDegrees, OfTheLayoutsSizeAreTheirAbsence) {
  const sim::RunResult plain = run_every_rank(compiled(read(small_scenario(), fours())));
  const Compiled named =
      compiled(read(small_scenario(), fours({by_layers("[{layers: 0-2, tp: 4}, {layers: 7, tp: 4}]")})));
  const sim::RunResult run = run_every_rank(named);
  EXPECT_EQ(run.digest, plain.digest);
  EXPECT_EQ(run.ranks[{0}].memory.peak, plain.ranks[{0}].memory.peak);
}

// A layer at a smaller degree is one of a layout of that degree: the same kernels, the
// same bytes among fewer ranks, the same parameters and activations.
TEST(LayerDegrees, AreWhatALayoutOfThatSizeHas) {
  for (const char* sequence_parallel : {"true", "false"})
    for (const int degree : {1, 2}) {
      const std::string d = std::to_string(degree), ranges = "[{layers: 0-7, tp: " + d + "}]";
      const Scenario mixed =
          read(small_scenario(), fours({by_layers(ranges.c_str()), {"layout.sequence_parallel", sequence_parallel}}));
      const Scenario plain =
          read(small_scenario(), {{"layout.tp", d},
                                  {"training.micro_batch", d},  // a rank's samples at this degree, of four
                                  {"layout.sequence_parallel", degree > 1 ? sequence_parallel : "false"}});
      const Compiled a = compiled(mixed), b = compiled(plain);
      for (const char* piece : {"layer 0 ", "layer 3 ", "layer 7 "})
        EXPECT_EQ(issued(first_program(a), piece), issued(first_program(b), piece))
            << piece << degree << sequence_parallel;
      EXPECT_EQ(piece_parameters(mixed, PieceKind::layer, 3).dense(),
                piece_parameters(plain, PieceKind::layer, 3).dense());
      const auto saved = [](const Scenario& s) {
        std::int64_t sum = 0;
        for (const SavedTensor& tensor : piece_work(s, PieceKind::layer, 3, 3).saved) sum += tensor.bytes.n;
        return sum;
      };
      EXPECT_EQ(saved(mixed), saved(plain));
    }
}

// The first of a range takes its input from another degree.
TEST(LayerDegrees, LayersWorkAlikeInsideARange) {
  const Scenario s = read(small_scenario(), fours({by_layers("[{layers: 2-4, tp: 2}]")}));
  const auto alike = [&](int a, int b) { return works_alike(s, a, a, b, b); };
  EXPECT_TRUE(alike(0, 1));
  EXPECT_TRUE(alike(3, 4));
  EXPECT_TRUE(alike(1, 6));
  EXPECT_FALSE(alike(1, 3));
  EXPECT_FALSE(alike(2, 3));
  EXPECT_FALSE(alike(5, 6));
}

// The hidden states of a micro-batch, B bytes, enter layer 2 and leave layer 3. With the
// sequence split: gathered (B) and cut on the way in; on the way out gathered among two
// (B/2), and then over the samples (B). Gradients go the other way at both places.
TEST(LayerDegrees, ChangesMoveTheHiddenStates) {
  const Scenario s =
      read(small_scenario(), fours({by_layers("[{layers: 2-3, tp: 2}]"), {"training.global_batch", "8"}}));
  const Compiled c = compiled(s);
  const sim::Program& program = first_program(c);
  const LayerRoles roles(s);
  const std::int64_t whole = 4 * 1024 * 1024 * 2;  // samples, tokens, hidden, bytes
  const sim::GroupRole two = roles.tp(2), samples = roles.samples(4, 2);
  using Moved = std::map<sim::GroupRole, std::int64_t>;
  EXPECT_EQ(bytes_of(program, "layer 2 all-gather sequence of input"), (Moved{{role::tp, whole}, {two, whole / 2}}));
  EXPECT_EQ(bytes_of(program, "layer 2 all-gather samples of input"), (Moved{{samples, whole}}));
  EXPECT_EQ(bytes_of(program, "layer 4 all-gather sequence of input"), (Moved{{two, whole / 2}, {role::tp, whole}}));
  EXPECT_EQ(bytes_of(program, "layer 4 all-gather samples of input"), (Moved{{samples, whole}}));
  EXPECT_TRUE(bytes_of(program, "layer 3 all-gather s").empty());
}

// Whole sequences: samples are cut for nothing, and gathered on the way back.
TEST(LayerDegrees, CuttingSamplesMovesNothing) {
  const Scenario s = read(small_scenario(), fours({by_layers("[{layers: 0-3, tp: 1}]"),
                                                   {"training.global_batch", "8"},
                                                   {"layout.sequence_parallel", "false"}}));
  const Compiled c = compiled(s);
  const std::int64_t whole = 4 * 1024 * 1024 * 2;
  using Moved = std::map<sim::GroupRole, std::int64_t>;
  EXPECT_EQ(bytes_of(first_program(c), "layer 0 all-gather samples of input gradient"), (Moved{{role::tp, whole}}));
  EXPECT_EQ(bytes_of(first_program(c), "layer 0 all-gather samples of input"), (Moved{{role::tp, whole}}));
  EXPECT_EQ(bytes_of(first_program(c), "layer 4 all-gather samples of input"), (Moved{{role::tp, whole}}));
  EXPECT_TRUE(bytes_of(first_program(c), "layer 4 all-gather samples of input gradient").empty());
}

// 12 h^2 and the like over d ranks, and the norms on each; their fp32 gradients are summed over all who have them.
TEST(LayerDegrees, GradientsAreSummedOverAllReplicas) {
  const Scenario s =
      read(small_scenario(), fours({by_layers("[{layers: 0-3, tp: 2}, {layers: 4-5, tp: 1}]"), {"software", "ideal"}}));
  const Compiled c = compiled(s);
  const LayerRoles roles(s);
  const std::int64_t h = 1024, matrices = 4 * h * h + 3 * h * 2816, norms = 2 * h, vocab = 4096;
  const std::map<sim::GroupRole, std::int64_t> reduced = bytes_of(first_program(c), "reduce gradients");
  EXPECT_EQ(reduced.at(roles.replicas(2)), 4 * 4 * (matrices / 2 + norms));
  EXPECT_EQ(reduced.at(roles.replicas(1)), 4 * 2 * (matrices + norms));
  EXPECT_EQ(reduced.at(role::dp), 4 * (2 * (matrices / 4 + norms) + 2 * h * vocab / 4 + h));
  const auto members = [&](sim::GroupRole role) {
    return c.workload.groups[c.workload.group_roles[role].group_of[RankId{5}]].members;
  };
  EXPECT_EQ(members(role::dp), (std::vector<RankId>{{1}, {5}}));
  EXPECT_EQ(members(roles.replicas(2)), (std::vector<RankId>{{1}, {3}, {5}, {7}}));
  EXPECT_EQ(members(roles.replicas(1)).size(), 8u);
}

// Sharded optimizer states are the model's, over all ranks: 12 bytes a parameter, where each
// tensor-parallel rank of a layer has its own copy of the norms.
TEST(LayerDegrees, StatesOverRanksAddUpToTheModel) {
  for (const char* zero : {"1", "2", "3"}) {
    const Scenario s = read(small_scenario(), fours({by_layers("[{layers: 0-3, tp: 2}, {layers: 4-5, tp: 1}]"),
                                                     {"layout.zero", zero},
                                                     {"software", "deepspeed-2024"}}));
    const std::int64_t norms = 2 * 1024;
    const std::int64_t copies = 4 * (2 - 1) * norms + 2 * (4 - 1) * norms + (4 - 1) * 1024;
    const std::int64_t model = 12 * (count_parameters(s.model).total + copies);
    const std::int64_t held = 8 * resident(first_program(compiled(s)), MemoryCause::optimizer).n;
    EXPECT_LE(std::abs(held - model), 8 * 12 * 3) << zero;  // a degree's shards are rounded up
  }
}

// Whole states: each rank has a d-th of a layer's matrices.
TEST(LayerDegrees, ASmallerDegreeHoldsMore) {
  const auto parameters = [](const char* ranges) {
    return resident(first_program(compiled(read(small_scenario(), fours({by_layers(ranges)})))),
                    MemoryCause::parameters)
        .n;
  };
  const std::int64_t matrices = 4 * 1024 * 1024 + 3 * 1024 * 2816;
  EXPECT_EQ(parameters("[{layers: 0-2, tp: 2}]") - parameters("[]"), 3 * 2 * (matrices / 2 - matrices / 4));
  EXPECT_EQ(parameters("[{layers: 0-2, tp: 1}]") - parameters("[]"), 3 * 2 * (matrices - matrices / 4));
}

// Between stages a rank hands on the samples that it has.
TEST(LayerDegrees, StagesHandOnTheLastLayersSamples) {
  const auto sent = [](const char* ranges, const char* sequence_parallel) {
    const Compiled c = compiled(read(small_scenario(), fours({by_layers(ranges),
                                                              {"layout.pp", "2"},
                                                              {"layout.sequence_parallel", sequence_parallel},
                                                              {"software", "ideal"}})));
    std::int64_t most = 0;
    for (const sim::Transfer& t : first_program(c).transfers)
      if (t.kind == TransferKind::point_to_point) most = std::max(most, t.bytes.n);
    return most;
  };
  EXPECT_EQ(sent("[{layers: 3, tp: 1}]", "false") * 4, sent("[]", "false"));
  EXPECT_EQ(sent("[{layers: 4, tp: 1}]", "false"), sent("[]", "false"));
  EXPECT_EQ(sent("[{layers: 3, tp: 1}]", "true"), sent("[]", "true"));
}

TEST(LayerDegrees, FoldedIsUnfoldedAndOpByOp) {
  const std::vector<Override> kinds[] = {
      {},
      {{"layout.sequence_parallel", "false"}},
      {{"layout.zero", "1"}},
      {{"layout.zero", "2"}, {"software", "deepspeed-2024"}},
      {{"layout.zero", "3"}, {"software", "deepspeed-2024"}},
      {{"layout.zero", "3"}, {"software", "deepspeed-2024"}, {"layout.offload", "{optimizer: cpu, parameters: cpu}"}},
      {{"layout.fsdp", "full_shard"}, {"software", "torchtitan-2025"}},
      {{"layout.cp", "2"}},
      {{"layout.pp", "2"}},
      {{"layout.pp", "2"}, {"layout.sequence_parallel", "false"}, {"software", "megatron-2021"}},
      {{"layout.pp", "2"}, {"overlap.pipeline", "false"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "interleaved-1f1b"}, {"pipeline.virtual_stages", "2"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "zb-h1"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "zb-auto"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "dualpipe-v"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "dualpipe"}},
      {{"layout.pp", "2"}, {"pipeline.schedule", "pipedream"}},
      {{"training.recompute", "full"}},
      {{"overlap.tensor_parallel", "true"}},
  };
  for (const std::vector<Override>& kind : kinds) {
    std::vector<Override> all = fours({by_layers("[{layers: 1-2, tp: 2}, {layers: 3-4, tp: 1}, {layers: 7, tp: 2}]"),
                                       {"training.global_batch", "32"},
                                       {"overlap.pipeline", "true"}});
    all.insert(all.end(), kind.begin(), kind.end());
    const Compiled c = compiled(read(small_scenario(), all));
    const std::string name = kind.empty() ? "plain" : kind.back().path + ' ' + kind.back().value;
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << name << ": " << to_string(e);
    const sim::RunResult every = run_every_rank(c);
    EXPECT_EQ(run_folded(c).digest, every.digest) << name;
    EXPECT_EQ(run_every_rank(c, false).digest, every.digest) << name;
  }
}

}  // namespace
}  // namespace orrery::models
