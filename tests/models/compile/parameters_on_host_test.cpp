// Whole parameters that rest on the host, each GPU's own, and come unit by unit.

#include <algorithm>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Settings = std::vector<Override>;

constexpr auto kCpu = "{parameters: cpu}";

Settings with(const Settings& some, const Settings& more) {
  Settings all = some;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Two micro-batches a replica on eight GPUs.
Scenario scenario(const Settings& more = {}) {
  return read(small_scenario(), more);
}

Settings offloaded(const char* way, const Settings& more = {}) {
  return with({{"layout.offload", way}}, more);
}

struct Copies {
  Bytes bytes;
  int times = 0;
};

Copies copies(const sim::Program& program, std::string_view label) {
  Copies sum;
  for (const sim::Stream& stream : program.streams)
    for (std::size_t i = 0; i < stream.ops.size(); ++i) {
      if (stream.ops[i].kind != sim::OpKind::copy || program.labels[stream.notes[i].label] != label) continue;
      sum.bytes += program.transfers[static_cast<std::size_t>(stream.ops[i].payload)].bytes;
      ++sum.times;
    }
  return sum;
}

Copies copies(const Settings& settings, std::string_view label) {
  return copies(first_program(compiled(scenario(settings))), label);
}

// From before the first step on.
std::int64_t held(const Settings& settings, std::string_view label) {
  const Compiled c = compiled(scenario(settings));
  const sim::Program& program = first_program(c);
  std::int64_t sum = 0;
  for (const std::uint32_t buffer : program.resident)
    if (program.labels[program.buffers[buffer].label] == label) sum += program.buffers[buffer].bytes.n;
  return sum;
}

std::int64_t bytes_of_all() {
  return 2 * count_parameters(scenario().model).total;
}

std::int64_t bytes_of(PieceKind kind) {
  return 2 * piece_parameters(scenario(), kind, 0).dense();
}

// Every micro-batch needs every unit forward and backward; the last one turns at once, and so does the first into the
// next micro-batch.
TEST(ParametersOnHost, ComeForEveryUse) {
  for (const char* zero : {"0", "1", "2"})
    for (const int micro_batches : {1, 2, 4}) {
      const Copies in =
          copies(offloaded(kCpu, {{"layout.zero", zero}, {"training.global_batch", std::to_string(8 * micro_batches)}}),
                 "parameters from host");
      constexpr int kUnits = 10;
      EXPECT_EQ(in.times, micro_batches * (2 * kUnits - 1) - (micro_batches - 1)) << zero;
      EXPECT_EQ(in.bytes.n, micro_batches * (2 * bytes_of_all() - bytes_of(PieceKind::head)) -
                                (micro_batches - 1) * bytes_of(PieceKind::embedding))
          << zero;
    }
}

// With one unit, a layer in the middle of a pipeline, there is nothing to drop it for.
TEST(ParametersOnHost, ComeOnceToARankOfOneUnit) {
  const Compiled c =
      compiled(scenario(offloaded(kCpu, {{"layout.pp", "4"}, {"model.layers", "4"}, {"pipeline.schedule", "1f1b"}})));
  const Copies in = copies(c.workload.programs[c.workload.program_of[RankId{2}]], "parameters from host");
  EXPECT_EQ(in.times, 1);
  EXPECT_EQ(in.bytes.n, bytes_of(PieceKind::layer));
}

// Virtual stages take turns, so a rank's two chunks come with every pass.
TEST(ParametersOnHost, ComeForEveryChunk) {
  const Settings interleaved = {{"layout.pp", "2"},
                                {"pipeline.schedule", "interleaved-1f1b"},
                                {"pipeline.virtual_stages", "2"},
                                {"training.global_batch", "16"}};
  const Compiled c = compiled(scenario(offloaded(kCpu, interleaved)));
  const std::int64_t rank = bytes_of(PieceKind::embedding) + 4 * bytes_of(PieceKind::layer);
  const std::int64_t all = 4 * 2 * rank;  // micro-batches, forward and backward
  EXPECT_LE(copies(first_program(c), "parameters from host").bytes.n, all);
  EXPECT_GT(copies(first_program(c), "parameters from host").bytes.n, all * 3 / 4);
}

TEST(ParametersOnHost, AreTwoUnitsOfTheGpusMemory) {
  const auto peak = [](const Settings& settings) {
    return run_folded(compiled(scenario(settings))).ranks[{0}].memory.peak.n;
  };
  const Settings ways[] = {{{"layout.zero", "0"}},
                           {{"layout.zero", "1"}},
                           {{"layout.zero", "2"}, {"software", "deepspeed-2024"}},
                           {{"layout.fsdp", "no_shard"}}};
  for (const Settings& way : ways) {
    const std::int64_t without = peak(way) - bytes_of_all();
    EXPECT_EQ(resident(first_program(compiled(scenario(offloaded(kCpu, way)))), MemoryCause::parameters).n, 0);
    const std::int64_t on_their_way = held(offloaded(kCpu, way), "updated parameters");
    EXPECT_EQ(on_their_way > 0, way[0].value == "1" || way[0].value == "2");
    EXPECT_GE(peak(offloaded(kCpu, way)), without + on_their_way) << way[0].value;
    EXPECT_LE(peak(offloaded(kCpu, way)), without + on_their_way + 2 * bytes_of(PieceKind::layer)) << way[0].value;
    const Settings waits = with(way, {{"overlap.parameters", "false"}});
    EXPECT_LE(peak(offloaded(kCpu, waits)), peak(waits) - bytes_of_all() + bytes_of(PieceKind::layer));
  }
}

// What was updated on the GPU goes back; on the host it is there already, unless replicas wait for it.
TEST(ParametersOnHost, GoBackOnceAStepFromWhereTheyAreUpdated) {
  struct Way {
    const char *zero, *way;
    double to_host, shares_from_host;  // of all
  };
  const Way cases[] = {{"0", "{parameters: cpu}", 1, 0},
                       {"0", "{parameters: cpu, optimizer: cpu}", 0, 0},
                       {"0", "{parameters: nvme, optimizer: nvme}", 0, 0},
                       {"1", "{parameters: cpu}", 1, 0},
                       {"1", "{parameters: cpu, optimizer: cpu}", 1, 1.0 / 8},
                       {"2", "{parameters: cpu, optimizer: nvme}", 1, 1.0 / 8},
                       {"3", "{parameters: cpu}", 1.0 / 8, 0},
                       {"3", "{parameters: cpu, optimizer: cpu}", 0, 0}};
  for (const Way& each : cases) {
    const Settings settings = offloaded(each.way, {{"layout.zero", each.zero}, {"training.global_batch", "8"}});
    const auto all = static_cast<double>(bytes_of_all());
    EXPECT_NEAR(static_cast<double>(copies(settings, "parameters to host").bytes.n), each.to_host * all, 64)
        << each.zero << ' ' << each.way;
    const double uses = (2 * all - static_cast<double>(bytes_of(PieceKind::head))) / (each.zero[0] == '3' ? 8 : 1);
    EXPECT_NEAR(static_cast<double>(copies(settings, "parameters from host").bytes.n),
                uses + each.shares_from_host * all, 64)
        << each.zero << ' ' << each.way;
  }
}

// Of 32 bits they are the copy that is updated: they come for that too.
TEST(ParametersOnHost, AreTheMasterCopyWhereThereIsNoOther) {
  const auto from_host = [](const char* way) {
    return copies(offloaded(way, {{"training.precision", "fp32"}, {"training.global_batch", "8"}}),
                  "parameters from host")
        .bytes.n;
  };
  const std::int64_t uses = 2 * (2 * bytes_of_all() - bytes_of(PieceKind::head));
  EXPECT_EQ(from_host("{parameters: cpu}"), uses + 2 * bytes_of_all());
  EXPECT_EQ(from_host("{parameters: cpu, optimizer: cpu}"), uses);
}

// Through links that take no time only the copies' latency is left, of each at most.
TEST(ParametersOnHost, CostNothingButLatencyWhereTheLinkIsFree) {
  const Settings free = {{"cluster.host.pcie_bandwidth", "1000TB/s"}, {"cluster.host.disk_bandwidth", "1000TB/s"}};
  struct Way {
    Settings settings;
    const char *way, *without;
  };
  const Settings in_the_way = {{"overlap.parameters", "false"}};
  const Way cases[] = {
      {{{"layout.zero", "0"}}, "{parameters: cpu}", "{}"},
      {{{"layout.zero", "0"}, {"training.recompute", "full"}}, "{parameters: nvme}", "{}"},
      {{{"layout.zero", "0"}}, "{parameters: cpu, optimizer: cpu}", "{optimizer: cpu}"},
      {with(in_the_way, {{"layout.zero", "1"}}), "{parameters: cpu}", "{}"},
      {with(in_the_way, {{"layout.zero", "2"}}), "{parameters: nvme, optimizer: cpu}", "{optimizer: cpu}"},
      {{{"layout.zero", "1"}}, "{parameters: cpu}", "{}"},
      {{{"layout.zero", "2"}}, "{parameters: cpu, optimizer: cpu}", "{optimizer: cpu}"},
      {{{"layout.zero", "0"}, {"layout.pp", "2"}}, "{parameters: cpu}", "{}"},
  };
  for (const Way& each : cases) {
    const Settings settings = with(free, each.settings);
    const Duration without = run_folded(compiled(scenario(offloaded(each.without, settings)))).step_time();
    const Compiled c = compiled(scenario(offloaded(each.way, settings)));
    const Duration step = run_folded(c).step_time();
    int times = 0;
    for (const sim::Program& program : c.workload.programs)
      for (const char* label : {"parameters from host", "parameters to host"}) times += copies(program, label).times;
    constexpr Duration kLatency = Duration::us(4);
    EXPECT_GE(step, without) << each.way;
    EXPECT_LE(step, without + kLatency * times) << each.way;
  }
}

// A slow link is what the step waits for: all that comes, one copy behind the other.
TEST(ParametersOnHost, AreWaitedForWhereTheLinkIsSlow) {
  const Settings slow = {{"cluster.host.pcie_bandwidth", "1GB/s"}, {"cluster.host.disk_bandwidth", "8TB/s"}};
  const auto step = [&](const char* way) {
    return run_folded(compiled(scenario(offloaded(way, slow)))).step_time().seconds();
  };
  const double in = static_cast<double>(copies(offloaded(kCpu), "parameters from host").bytes.n) / 1e9;
  const double out = static_cast<double>(bytes_of_all()) / 1e9;
  EXPECT_GE(step(kCpu), in + out);
  EXPECT_LE(step(kCpu), in + out + step("{}"));
  EXPECT_GT(step("{parameters: nvme}"), step(kCpu));
}

// Gathered buckets leave while the next step's first units come, the other way.
TEST(ParametersOnHost, GoBackUnderTheNextForward) {
  const Settings slow = {{"cluster.host.pcie_bandwidth", "1GB/s"}, {"layout.zero", "1"}};
  const auto step = [&](const char* overlap) {
    return run_folded(compiled(scenario(offloaded(kCpu, with(slow, {{"overlap.parameters", overlap}}))))).step_time();
  };
  const double in = static_cast<double>(copies(offloaded(kCpu), "parameters from host").bytes.n) / 1e9;
  const double out = static_cast<double>(bytes_of_all()) / 1e9;
  EXPECT_GE(step("false").seconds(), in + out);
  EXPECT_GE(step("true").seconds(), in);
  EXPECT_LT(step("true").seconds(), in + out * 3 / 4);
}

// Under low precision, casts are made of what has come.
TEST(ParametersOnHost, AreCastAsTheyCome) {
  const Settings narrow = {{"training.precision", "fp8"}, {"layout.tp", "2"}};
  const sim::RunResult here = run_folded(compiled(scenario(narrow)));
  const Compiled c = compiled(scenario(offloaded(kCpu, narrow)));
  EXPECT_EQ(resident(first_program(c), MemoryCause::parameters).n, 0);
  EXPECT_LT(run_folded(c).ranks[{0}].memory.peak, here.ranks[{0}].memory.peak);
  EXPECT_GT(run_folded(c).step_time(), here.step_time());
}

const Settings kLayouts[] = {
    {{"layout.zero", "0"}},
    {{"layout.zero", "1"}, {"layout.tp", "2"}, {"training.recompute", "full"}},
    {{"layout.zero", "2"}, {"software", "deepspeed-2024"}},
    {{"layout.zero", "1"}, {"layout.cp", "2"}, {"overlap.parameters", "false"}},
    {{"layout.zero", "3"}, {"layout.tp", "8"}},  // one replica: nothing is split
    {{"layout.pp", "2"}, {"pipeline.schedule", "1f1b"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "interleaved-1f1b"}, {"pipeline.virtual_stages", "2"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "zb-h1"}, {"model.tied_embeddings", "true"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "zb-v"}, {"pipeline.virtual_stages", "2"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "chimera"}, {"layout.zero", "1"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "dualpipe"}},
    {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"}, {"layout.ep", "8"}, {"layout.zero", "1"}},
    {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"}, {"layout.ep", "8"}, {"layout.zero", "3"}},
    {{"layout.tp", "4"}, {"layout.by_layers", "[{layers: 1-3, tp: 2}]"}, {"training.micro_batch", "2"}},
};

TEST(ParametersOnHost, FoldedIsUnfoldedAndWithCallsIsWithout) {
  for (const Settings& layout : kLayouts)
    for (const char* way : {"{parameters: cpu}", "{parameters: nvme, optimizer: cpu}",
                            "{parameters: cpu, optimizer: nvme, activations: cpu}"}) {
      const Scenario s =
          scenario(offloaded(way, with({{"cluster.nodes", "2"}, {"training.global_batch", "64"}}, layout)));
      const Compiled c = compiled(s);
      for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
      const sim::RunResult full = run_every_rank(c);
      EXPECT_EQ(run_folded(c).digest, full.digest) << way << layout[0].value;
      EXPECT_EQ(run_every_rank(c, false).digest, full.digest) << way << layout[0].value;
      EXPECT_EQ(run_folded(compiled(s, Form::with_calls)).digest, full.digest) << way << layout[0].value;
    }
}

// Experts that a rank has to itself are whole where the rest is split, and rest on the host like it.
TEST(ParametersOnHost, CountExpertsThatAreWhole) {
  const Settings experts = {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"},
                            {"layout.ep", "8"},
                            {"layout.zero", "3"},
                            {"training.global_batch", "8"}};
  const Compiled here = compiled(scenario(experts)), there = compiled(scenario(offloaded(kCpu, experts)));
  const Bytes held = resident(first_program(here), MemoryCause::parameters);
  EXPECT_GT(run_folded(there).ranks[{0}].memory.peak + held, run_folded(here).ranks[{0}].memory.peak);
  EXPECT_NEAR(static_cast<double>(copies(first_program(there), "parameters to host").bytes.n),
              static_cast<double>(held.n), 64);
}

}  // namespace
}  // namespace orrery::models
