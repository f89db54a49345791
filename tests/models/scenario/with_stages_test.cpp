#include <gtest/gtest.h>

#include "models/scenario/reader.h"
#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"

namespace orrery::models {
namespace {

Result<Scenario> read_at(int pp, const std::string& software) {
  const std::string text =
      "model: {layers: 8, hidden: 1024, heads: 8, vocab: 4096}\ncluster: {preset: dgx-h100, nodes: 1}\n"
      "training: {sequence_length: 1024, global_batch: 16}\nlayout: {tp: 2, pp: " +
      std::to_string(pp) + "}\nsoftware: " + software + "\n";
  return parse_scenario(text, "test.yaml");
}

TEST(WithStages, HabitsHoldWhereThereAreStages) {
  const std::string software = "{preset: ideal, launch: 2us, host_sync: 5us, with_stages: {launch: 3us}}";
  const Result<Scenario> without = read_at(1, software), with = read_at(2, software);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_EQ(without->software.launch, Duration::us(2));
  EXPECT_EQ(with->software.launch, Duration::us(3));
  EXPECT_EQ(with->software.host_sync, Duration::us(5)) << "the others stay";
}

// Of a preset: what a person writes beside its name stands with stages as without.
TEST(WithStages, APersonsOwnHabitIsNearer) {
  const Result<Scenario> preset = read_at(2, "nanotron-2025");
  const Result<Scenario> own = read_at(2, "{preset: nanotron-2025, regather_inputs: false, collective_delay: 7us}");
  ASSERT_TRUE(preset.ok() && own.ok());
  EXPECT_TRUE(preset->software.regather_inputs);
  EXPECT_FALSE(own->software.regather_inputs);
  EXPECT_EQ(own->software.collective_delay, Duration::us(7));
  EXPECT_EQ(own->software.gather_buffers, preset->software.gather_buffers) << "the others stay";
  EXPECT_GT(own->software.gather_buffers, 0);
}

// What is known of a preset is the same wherever it is named, also where habits are written beside its name.
TEST(WithStages, APresetIsReadOnceWhileDocumentsAreKept) {
  const std::vector<std::string> written = {"nanotron-2025", "{preset: nanotron-2025, launch: 7us}", "megatron-2021",
                                            "{preset: nanotron-2025}", "nanotron-2025"};
  std::vector<Scenario> alone;
  for (const std::string& software : written) alone.push_back(read_at(2, software).value());
  const DocumentCache kept;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const Scenario scenario = read_at(2, written[i]).value();
    EXPECT_EQ(scenario.software.launch, alone[i].software.launch) << written[i];
    EXPECT_EQ(scenario.software.regather_inputs, alone[i].software.regather_inputs) << written[i];
    EXPECT_EQ(scenario.software.inherits, alone[i].software.inherits) << written[i];
    EXPECT_EQ(scenario.defaults_used, alone[i].defaults_used) << written[i];
    EXPECT_EQ(scenario.warnings, alone[i].warnings) << written[i];
  }
  std::string key = "software nanotron-2025";
  const SearchPath path = SearchPath::standard("");
  for (const std::string& root : path.roots()) key += "\n" + root;
  EXPECT_NE(DocumentCache::recall(key), nullptr);
}

TEST(WithStages, FaultsAreToldOnceAtAnyDegree) {
  for (const int pp : {1, 2}) {
    const Result<Scenario> wrong = read_at(pp, "{preset: ideal, with_stages: {lunch: 3us}}");
    ASSERT_FALSE(wrong.ok());
    ASSERT_EQ(wrong.errors().size(), 1U);
    EXPECT_NE(wrong.errors().front().what.find("lunch"), std::string::npos);
  }
}

}  // namespace
}  // namespace orrery::models
