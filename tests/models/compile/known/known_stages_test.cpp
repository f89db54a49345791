#include "models/compile/known/known_stages.h"

#include <set>
#include <utility>
#include <vector>

#include "models/compile/workbench.h"
#include "sim/base/random.h"
#include "sim/base/read/document.h"
#include "tests/models/compile/known/same_program.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Keys = std::vector<Override>;

// Of the stages of a setting, those that are known of neighbours.
enum class Known { all, none, but_the_first };
struct Setting {
  Keys keys;
  Known known = Known::all;
};

// Of many kinds: stages that wait for each other or not, passes that are called or written out, numbers that are those
// of pieces, of parameters, of both.
std::vector<Setting> settings() {
  const Override learned{"model.positions", "learned"};  // the first stage has parameters for each
  const Override megatron{"software", "megatron-2021"}, moe{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"};
  const Override pp2{"layout", "{tp: 2, pp: 2, dp: 4}"}, pp4{"layout", "{tp: 2, pp: 4, dp: 2}"};
  return {
      {{pp4}},
      {{pp4, megatron, learned, {"training.recompute", "full"}}},
      {{pp4, megatron, {"overlap.pipeline", "false"}, {"training.recompute", "selective"}}},
      {{pp4, {"pipeline", "{schedule: interleaved-1f1b, virtual_stages: 2}"}, {"overlap.pipeline", "false"}}},
      {{pp2, {"pipeline", "{schedule: gpipe}"}, learned}, Known::but_the_first},  // its gradients leave under passes
      {{pp2, {"pipeline", "{schedule: zb-h1}"}}},
      {{pp2, {"pipeline", "{schedule: dualpipe}"}, moe}, Known::none},
      {{pp2, {"pipeline", "{schedule: pipedream-2bw}"}}, Known::none},
      {{pp2, {"software", "torchtitan-2025"}, {"layout.fsdp", "full_shard"}}},
      {{pp2, {"layout.zero", "1"}, {"overlap.bucket_size", "4000000"}, learned}, Known::but_the_first},
      {{{"layout", "{tp: 1, pp: 2, dp: 8, zero: 2}"}}},
      {{{"layout", "{tp: 1, pp: 2, dp: 8, zero: 3}"}}},
      {{pp2, moe, {"layout.ep", "2"}}},
      {{{"layout", "{tp: 2, cp: 2, pp: 2, dp: 2}"}}},
      {{{"layout", "{tp: 2, pp: 1, dp: 8}"}, {"layout.sequence_parallel", "false"}}},
      {{pp2, {"simulation.stragglers", "[{rank: 3, slowdown: 1.5}]"}}},
      {{pp2, {"layout.offload", "{activations: cpu}"}}, Known::none},
  };
}

Scenario scenario_of(Keys keys, std::int64_t length, std::int64_t micro_batch = 1) {
  keys.insert(keys.begin(), {{"cluster.nodes", "2"}, {"training.global_batch", "64"}});
  keys.push_back({"training.sequence_length", std::to_string(length)});
  keys.push_back({"training.micro_batch", std::to_string(micro_batch)});
  return read(small_scenario(), keys);
}

Compiled compiled_on(Workbench* bench, const Scenario& scenario) {
  Result<Compiled> result = compile(scenario, nullptr, {}, nullptr, Form::with_calls, bench);
  EXPECT_TRUE(result.ok());
  return std::move(result).value();
}

void expect_same_programs(const Compiled& a, const Compiled& b) {
  EXPECT_EQ(a.kernels, b.kernels);
  EXPECT_EQ(a.tensors, b.tensors);
  EXPECT_EQ(a.stage_of_program, b.stage_of_program);
  ASSERT_EQ(a.workload.programs.size(), b.workload.programs.size());
  for (ProgramId p{0}; p.value < a.workload.programs.size(); ++p.value) {
    expect_same(a.workload.programs[p], b.workload.programs[p]);
    expect_same(a.held_by_program[p.value], b.held_by_program[p.value]);
  }
}

// A law: whatever was compiled before changes nothing.
TEST(KnownStages, ProgramsAreAsIfWritten) {
  const DocumentCache presets;
  const std::vector<Setting> all = settings();
  Workbench bench;
  std::size_t at = 0;
  for (std::uint64_t turn = 0; turn < 200; ++turn) {
    const KeyedRandom random(turn);
    if (random.bits(0) % 3 == 0) at = random.bits(1) % all.size();
    const auto length = static_cast<std::int64_t>(128 + 8 * (random.bits(2) % 250));
    const std::int64_t micro_batch = random.bits(3) % 4 == 0 ? 2 : 1;
    SCOPED_TRACE(std::to_string(at) + ": " + std::to_string(length) + " x " + std::to_string(micro_batch));
    const Scenario scenario = scenario_of(all[at].keys, length, micro_batch);
    expect_same_programs(compiled_on(&bench, scenario), compiled_on(nullptr, scenario));
  }
  EXPECT_GT(bench.stages().found(), 0U);
  EXPECT_LE(bench.stages().size(), 2 * KnownStages::kMostStages);
}

// Kept of the second neighbour, as many scenarios have none, and found from the third on.
TEST(KnownStages, NeighboursAreNotWrittenAgain) {
  const DocumentCache presets;
  for (const Setting& setting : settings()) {
    Workbench bench;
    std::size_t programs = 0;
    for (const std::int64_t length : {1000, 1008, 1016, 1032}) {
      const Scenario scenario = scenario_of(setting.keys, length);
      const Compiled c = compiled_on(&bench, scenario);
      expect_same_programs(c, compiled_on(nullptr, scenario));
      programs = c.workload.programs.size();
    }
    const std::size_t known = setting.known == Known::all ? programs : setting.known == Known::none ? 0 : programs - 1;
    EXPECT_EQ(bench.stages().found(), 2 * known) << setting.keys.front().value << " " << setting.keys.back().value;
  }
}

// Forms of programs are told without a look at them, unless two of a scenario have the same.
TEST(KnownStages, ProgramsOfNeighboursHaveOneForm) {
  const DocumentCache presets;
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(setting.keys.front().value + " " + setting.keys.back().value);
    Workbench bench;
    const auto forms_at = [&](std::int64_t length) {
      std::vector<std::uint64_t> forms;
      for (const sim::Program& program : compiled_on(&bench, scenario_of(setting.keys, length)).workload.programs)
        forms.push_back(bench.forms()->of(program));
      return forms;
    };
    forms_at(1000);
    const std::vector<std::uint64_t> forms = forms_at(1008);
    const std::size_t compared = bench.forms()->compared();
    EXPECT_EQ(forms_at(1016), forms);
    EXPECT_EQ(forms_at(1032), forms);
    const bool all_differ = std::set(forms.begin(), forms.end()).size() == forms.size();
    if (setting.known == Known::all && all_differ) {
      EXPECT_EQ(bench.forms()->compared(), compared);
    }
  }
}

// A layout of another setting between neighbours, whatever sets it apart.
TEST(KnownStages, AreOfOneSetting) {
  const DocumentCache presets;
  const Keys keys = settings()[1].keys;
  const std::vector<Override> others = {{"overlap.pipeline", "false"},      {"overlap.gradients", "false"},
                                        {"overlap.bucket_size", "4000000"}, {"training.recompute", "selective"},
                                        {"training.global_batch", "32"},    {"layout.zero", "1"},
                                        {"pipeline.schedule", "gpipe"},     {"model.activation", "gelu"},
                                        {"cluster.preset", "dgx-a100"},     {"software", "torchtitan-2025"}};
  for (const Override& other : others) {
    SCOPED_TRACE(other.path + " " + other.value);
    Workbench bench;
    for (const bool is_other : {false, false, false, true, false}) {
      Keys of_point = keys;
      if (is_other) of_point.push_back(other);
      const Scenario scenario = scenario_of(of_point, 1000);
      expect_same_programs(compiled_on(&bench, scenario), compiled_on(nullptr, scenario));
    }
    EXPECT_GT(bench.stages().found(), 0U);
  }
}

// Lists that are set anew are those of the program before last, and only if nobody has that any more.
TEST(KnownStages, ProgramsStayAsTheyWere) {
  const DocumentCache presets;
  const Keys keys = settings()[1].keys;
  Workbench bench;
  std::vector<Compiled> kept;
  const std::vector<std::int64_t> lengths = {1000, 1008, 1016, 1032, 1040, 1048};
  for (const std::int64_t length : lengths) kept.push_back(compiled_on(&bench, scenario_of(keys, length)));
  for (std::size_t i = 0; i < kept.size(); ++i)
    expect_same_programs(kept[i], compiled_on(nullptr, scenario_of(keys, lengths[i])));

  const auto buffers_at = [&](std::int64_t length) {
    return compiled_on(&bench, scenario_of(keys, length)).workload.programs[ProgramId{1}].buffers.data();
  };
  kept.clear();
  const sim::Buffer* const first = buffers_at(1056);
  EXPECT_NE(buffers_at(1064), first);
  EXPECT_EQ(buffers_at(1072), first);
}

// Where shapes of two kernels, or two transfers, happen to be equal, they are one in their table: there and behind it
// programs are written.
TEST(KnownStages, EqualShapesAreAnotherForm) {
  const DocumentCache presets;
  const Keys keys = settings()[1].keys;
  Workbench bench;
  std::size_t found = 0;
  for (const std::int64_t length : {120, 112, 120, 128, 136, 128, 128, 256, 264, 272, 256, 128}) {
    const Scenario scenario = scenario_of(keys, length);
    const Compiled c = compiled_on(&bench, scenario);
    expect_same_programs(c, compiled_on(nullptr, scenario));
    const std::size_t so_far = std::exchange(found, bench.stages().found());
    if (length == 136) {
      EXPECT_EQ(found, so_far);
    }
  }
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace orrery::models
