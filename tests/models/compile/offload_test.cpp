// States that rest on the host.

#include <algorithm>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

std::vector<Override> zero3(const std::vector<Override>& more = {}) {
  std::vector<Override> overrides = {
      {"layout.zero", "3"}, {"software", "deepspeed-2024"}, {"training.global_batch", "8"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

Bytes copied(const sim::Program& program, std::string_view label) {
  Bytes sum;
  for (const sim::Stream& stream : program.streams)
    for (std::size_t i = 0; i < stream.ops.size(); ++i)
      if (stream.ops[i].kind == sim::OpKind::copy && program.labels[stream.notes[i].label] == label)
        sum += program.transfers[static_cast<std::size_t>(stream.ops[i].payload)].bytes;
  return sum;
}

const std::vector<const char*> kWays = {"{optimizer: cpu}",
                                        "{optimizer: nvme}",
                                        "{optimizer: cpu, parameters: cpu}",
                                        "{optimizer: nvme, parameters: nvme}",
                                        "{activations: cpu}",
                                        "{optimizer: cpu, activations: cpu}"};

TEST(Offload, FoldedIsUnfoldedAndOpByOp) {
  for (const char* way : kWays)
    for (const char* pp : {"1", "2"}) {
      const Compiled c = compiled(read(
          small_scenario(),
          zero3(
              {{"layout.offload", way}, {"layout.pp", pp}, {"cluster.nodes", "2"}, {"training.global_batch", "16"}})));
      for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
      const sim::RunResult full = run_every_rank(c);
      EXPECT_EQ(run_folded(c).digest, full.digest) << way;
      EXPECT_EQ(run_every_rank(c, false).digest, full.digest) << way;
    }
}

TEST(Offload, ToNowhereIsItsAbsence) {
  const auto digest = [](const std::vector<Override>& more) {
    return run_folded(compiled(read(small_scenario(), zero3(more)))).digest;
  };
  EXPECT_EQ(digest({{"layout.offload", "{optimizer: none, parameters: none, activations: none}"}}), digest({}));
}

// arXiv:2101.06840, section 4: gradients down, parameters up; the states are gone from the GPU. Gradients leave as 32
// bits (stage3.py, partition_grads), parameters come as 16.
TEST(Offload, OptimizerMovesGradientsDownAndParametersUp) {
  const Compiled c = compiled(read(small_scenario(), zero3({{"layout.offload", "{optimizer: cpu}"}})));
  const double share = 2.0 * static_cast<double>(count_parameters(read(small_scenario()).model).total) / 8;
  EXPECT_NEAR(static_cast<double>(copied(first_program(c), "gradients to host").n), 2 * share, 64);
  EXPECT_NEAR(static_cast<double>(copied(first_program(c), "parameters from host").n), share, 64);
  EXPECT_EQ(resident(first_program(c), MemoryCause::optimizer).n, 0);
  EXPECT_EQ(resident(first_program(c), MemoryCause::gradients).n, 0);
}

// ZeRO-Infinity brings every share that is gathered.
TEST(Offload, ParametersComeUpForEveryGather) {
  const Scenario scenario = read(small_scenario(), zero3({{"layout.offload", "{optimizer: cpu, parameters: cpu}"}}));
  const Compiled c = compiled(scenario);
  const double all = 2.0 * static_cast<double>(count_parameters(scenario.model).total);
  const double head = 2.0 * static_cast<double>(piece_parameters(scenario, PieceKind::head, 0).dense());
  EXPECT_NEAR(static_cast<double>(copied(first_program(c), "parameters from host").n), (2 * all - head) / 8, 64);
  EXPECT_EQ(resident(first_program(c), MemoryCause::parameters).n, 0);
}

TEST(Offload, SavesMemoryAndCostsTime) {
  const auto run = [](const std::vector<Override>& more) {
    return run_folded(compiled(read(small_scenario(), zero3(more))));
  };
  const sim::RunResult plain = run({});
  for (const char* way : kWays) {
    const sim::RunResult result = run({{"layout.offload", way}});
    EXPECT_LT(result.ranks[{0}].memory.peak, plain.ranks[{0}].memory.peak) << way;
    EXPECT_GE(result.step_time(), plain.step_time()) << way;
  }
  EXPECT_GT(run({{"layout.offload", "{optimizer: nvme}"}}).step_time(),
            run({{"layout.offload", "{optimizer: cpu}"}}).step_time());
}

// Twice the memory bandwidth, half the time of the update: 42 bytes a parameter, 4 for its gradient, 24 for its states,
// 8 to clip and 6 to make 16 bits of it, at an eighth of the node's bandwidth.
TEST(Offload, TheUpdateTakesWhatTheHostsMemoryAllows) {
  const auto update = [](const char* bandwidth) {
    const Compiled c =
        compiled(read(small_scenario(),
                      zero3({{"layout.offload", "{optimizer: cpu}"}, {"cluster.host.memory_bandwidth", bandwidth}})));
    const sim::Program& program = first_program(c);
    for (const sim::Stream& stream : program.streams)
      for (std::size_t i = 0; i < stream.ops.size(); ++i)
        if (program.labels[stream.notes[i].label] == "update parameters on the host")
          return Duration::ps(stream.ops[i].payload).seconds();
    return 0.0;
  };
  const double share = static_cast<double>(count_parameters(read(small_scenario()).model).total) / 8;
  EXPECT_NEAR(update("300GB/s"), 42 * share / (300e9 / 8), 1e-7);
  EXPECT_NEAR(update("150GB/s"), 2 * update("300GB/s"), 1e-8);
}

// ZeRO++ (arXiv:2306.10209): weights in half the bytes, gradients in a quarter, the backward's gathers inside nodes.
TEST(ZeroPlusPlus, EachPartFoldsAndCutsWhatItShould) {
  const std::vector<Override> two_nodes = {{"cluster.nodes", "2"}, {"training.global_batch", "16"}};
  const auto between_nodes = [&](const char* parts) {
    std::vector<Override> overrides = zero3(two_nodes);
    overrides.push_back({"layout.zeropp", parts});
    const Compiled c = compiled(read(small_scenario(), overrides));
    const sim::RunResult full = run_every_rank(c);
    EXPECT_EQ(run_folded(c).digest, full.digest) << parts;
    Bytes sum;
    for (std::uint32_t l = 0; l < c.workload.links.size(); ++l)
      if (c.workload.link_kinds[c.workload.links[{l}].kind] == "nic") sum += full.links[{l}].bytes;
    return static_cast<double>(sum.n);
  };
  const double plain = between_nodes("{}");  // gathers forward and backward, gradients: three parts
  EXPECT_LT(between_nodes("{quantized_weights: true}"), 0.7 * plain);
  EXPECT_LT(between_nodes("{hierarchical: true}"), 0.7 * plain);
  EXPECT_LT(between_nodes("{quantized_gradients: true}"), 0.8 * plain);
  EXPECT_LT(between_nodes("{quantized_weights: true, hierarchical: true, quantized_gradients: true}"), 0.3 * plain);
}

// Experts of which every rank has all are parameters like others.
TEST(ZeroPlusPlus, TakesExpertsThatEveryRankHas) {
  const auto with = [](const std::vector<Override>& more) {
    std::vector<Override> overrides = zero3(
        {{"cluster.nodes", "2"}, {"training.global_batch", "16"}, {"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"}});
    overrides.insert(overrides.end(), more.begin(), more.end());
    return overrides;
  };
  const auto between_nodes = [&](const char* parts) {
    const Compiled c = compiled(read(small_scenario(), with({{"layout.zeropp", parts}})));
    const sim::RunResult full = run_every_rank(c);
    EXPECT_EQ(run_folded(c).digest, full.digest) << parts;
    double sum = 0;
    for (std::uint32_t l = 0; l < c.workload.links.size(); ++l)
      if (c.workload.link_kinds[c.workload.links[{l}].kind] == "nic")
        sum += static_cast<double>(full.links[{l}].bytes.n);
    return sum;
  };
  EXPECT_LT(between_nodes("{hierarchical: true}"), 0.7 * between_nodes("{}"));
  EXPECT_LT(between_nodes("{quantized_gradients: true}"), 0.8 * between_nodes("{}"));
  EXPECT_FALSE(parse_scenario(small_scenario(), "test.yaml",
                              with({{"layout.zeropp", "{hierarchical: true}"}, {"layout.ep", "2"}}))
                   .ok());
}

}  // namespace
}  // namespace orrery::models
