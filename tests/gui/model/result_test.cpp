#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "gui/model/load/open_file.h"
#include "gui/model/result/result_page.h"
#include "models/run/run_scenario.h"
#include "report/json.h"

namespace orrery::gui {
namespace {

report::Result result_of(const std::string& name) {
  const auto prepared = models::prepare(std::string(ORRERY_SOURCE_DIR) + "/scenarios/" + name, {});
  EXPECT_TRUE(prepared);
  const models::Simulated simulated = models::simulate(*prepared, {});
  return report::make_result(
      {prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0.1});
}

const Figure* figure(const ResultPage& page, const std::string& label) {
  for (const Figure& each : page.figures)
    if (each.label == label) return &each;
  return nullptr;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("orrery-gui-result-" + std::to_string(std::hash<std::string>()(text)) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// The parts of a page add up to what its figures say.
TEST(ResultPage, PartsAddUpToTheStepAndToWhatHasToFit) {
  const report::Result result = result_of("llama-3.1-70b-64-h100.yaml");
  const auto page = read_result(report::to_json(result), "x.json");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->title, result.scenario);
  EXPECT_NEAR(sum(page->time.bars.front().values), figure(*page, "Step")->value, 1e-9);
  ASSERT_EQ(page->memory.bars.size(), 4u);
  double largest = 0;
  for (const Stack::Bar& bar : page->memory.bars) largest = std::max(largest, sum(bar.values));
  EXPECT_EQ(largest, figure(*page, "Memory")->value);
  EXPECT_EQ(largest, static_cast<double>((result.memory.reserved + result.memory.runtime).n));
  EXPECT_EQ(*page->memory.limit, static_cast<double>(result.memory.capacity.n));
  EXPECT_EQ(figure(*page, "MFU")->value, result.mfu);
  EXPECT_EQ(page->tables.front().rows.size(), page->time.parts.size());
}

TEST(ResultPage, TellsOfAValidationWhatWasMeasured) {
  const std::string run = report::to_json(result_of("bubble-4x8.yaml"), -1);
  const auto page = read_result(R"({"schema_version":1,"scenario":"s","device":"1 x H200","transport":"nccl",
    "step_time_s":{"predicted":1.5,"measured":2.0,"error":-0.25},"notes":["clocks moved"],
    "ops":[{"op":"gemm","count":3,"time_s":{"predicted":1,"measured":1.25,"error":-0.2}}],
    "ranks":[{"rank":0,"step_time_s":{"predicted":1.5,"measured":2.0,"error":-0.25}}],"prediction":)" +
                                    run + "}",
                                "x.json");
  ASSERT_TRUE(page);
  EXPECT_EQ(figure(*page, "Measured step")->value, 2);
  EXPECT_EQ(page->warnings.front(), "clocks moved");
  EXPECT_EQ(page->tables[0].rows[0], (std::vector<std::string>{"step", "1.500 s", "2.000 s", "-25.0 %"}));
  EXPECT_EQ(page->tables[1].rows[0], (std::vector<std::string>{"gemm", "3", "1.000 s", "1.250 s", "-20.0 %"}));
  EXPECT_NE(figure(*page, "Step"), nullptr) << "and of the prediction";
}

// A file comes from anybody: what has the wrong kind is left out.
TEST(ResultPage, LeavesOutWhatItCannotRead) {
  const auto page = read_result(
      R"({"schema_version":1,"step_time_s":2,"mfu":"high","layout":7,"time":{"compute_s":2,"bubble_s":[]},
          "memory":{"stages":[3,{"stage":"x"}]},"warnings":[1,"hot"],"network":{"busiest_links":{}}})",
      "/tmp/x.json");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->title, "x.json");
  EXPECT_EQ(figure(*page, "MFU"), nullptr);
  EXPECT_EQ(page->warnings, std::vector<std::string>{"hot"});
  EXPECT_EQ(page->time.parts.size(), 1u);
}

TEST(ResultPage, RefusesWithAReason) {
  const auto why = [](const std::string& json) {
    const auto page = read_result(json, "x.json");
    return page ? "" : page.errors().front().what;
  };
  EXPECT_NE(why("{\"schema_version\":1,").find("no JSON"), std::string::npos);
  EXPECT_NE(why(R"({"step_time_s":1})").find("schema_version"), std::string::npos);
  EXPECT_NE(why(R"({"schema_version":2,"step_time_s":1})").find("is not 1"), std::string::npos);
  EXPECT_NE(why(R"({"schema_version":1,"trace":"t"})").find("orrery run"), std::string::npos);
}

TEST(ResultFile, IsToldFromATraceByItsFirstNames) {
  EXPECT_TRUE(is_result_file(File(R"({"scenario":{"traceEvents":1},"schema_version":1})").path()));
  EXPECT_FALSE(is_result_file(File(R"({"schemaVersion":1,"traceEvents":[],"schema_version":1})").path()));
  EXPECT_FALSE(is_result_file(File(R"([{"schema_version":1}])").path()));
  EXPECT_FALSE(is_result_file(File("{\"a\xff").path()));
  EXPECT_FALSE(is_result_file("/nowhere.json"));
}

TEST(ResultFile, OpensAsAPage) {
  const File file(report::to_json(result_of("bubble-4x8.yaml")));
  OpenWatch watch;
  const auto opened = open_file(file.path(), watch);
  ASSERT_TRUE(opened);
  ASSERT_NE(opened->page, nullptr);
  EXPECT_EQ(opened->model, nullptr);
}

// A run in the window has the page that its JSON would have.
TEST(ResultFile, AScenarioHasOneToo) {
  OpenWatch watch;
  const auto opened = open_file(std::string(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml", watch);
  ASSERT_TRUE(opened);
  ASSERT_NE(opened->page, nullptr);
  EXPECT_NEAR(figure(*opened->page, "Bubble")->value, 3.0 / 11, 0.01);
}

}  // namespace
}  // namespace orrery::gui
