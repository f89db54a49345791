#include "report/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/support.h"

namespace orrery::report {
namespace {

using nlohmann::json;
using testing::example_result;

// The document of the contract, section 3: an outside tool reads these names.
TEST(ResultJson, HasEveryFieldOfTheContract) {
  const json doc = json::parse(to_json(example_result()));
  for (const char* key :
       {"schema_version", "orrery", "scenario", "digest", "gpus", "step_time_s", "tokens_per_s", "tokens_per_s_per_gpu",
        "samples_per_s", "model_flops_per_step", "hardware_flops_per_step", "model_tflops_per_gpu", "mfu", "hfu",
        "flops_conventions", "bubble_fraction", "defaults_used", "warnings"})
    EXPECT_TRUE(doc.contains(key)) << key;
  for (const char* key : {"tp", "cp", "pp", "dp", "ep"}) EXPECT_TRUE(doc["layout"].contains(key)) << key;
  for (const char* key : {"compute_s", "recompute_s", "exposed_tp_s", "exposed_cp_s", "exposed_ep_s", "exposed_pp_s",
                          "exposed_dp_s", "bubble_s", "optimizer_s", "offload_s", "host_s", "other_s"})
    EXPECT_TRUE(doc["time"].contains(key)) << key;
  for (const char* key : {"capacity_bytes", "peak_bytes", "reserved_bytes", "runtime_bytes", "fits"})
    EXPECT_TRUE(doc["memory"].contains(key)) << key;
  for (const char* key : {"stage", "peak_bytes", "parameters_bytes", "gradients_bytes", "optimizer_bytes",
                          "activations_bytes", "buffers_bytes", "reserved_bytes", "in_flight_micro_batches"})
    EXPECT_TRUE(doc["memory"]["stages"][0].contains(key)) << key;
  for (const char* key : {"nvlink", "pcie", "nic", "spine"})
    EXPECT_TRUE(doc["network"]["bytes_by_link_kind"].contains(key)) << key;
  for (const char* key : {"ranks", "ranks_simulated", "ops", "events", "wall_s"})
    EXPECT_TRUE(doc["engine"].contains(key)) << key;
}

TEST(ResultJson, PartsOfTheTimeAddUpToTheStep) {
  const json doc = json::parse(to_json(example_result()));
  double sum = 0;
  for (const auto& part : doc["time"]) sum += part.get<double>();
  EXPECT_NEAR(sum, doc["step_time_s"].get<double>(), 1e-12);
  EXPECT_DOUBLE_EQ(doc["bubble_fraction"].get<double>(), 0.25);
}

TEST(ResultJson, IsOneLineWhenAskedTo) {
  const std::string line = to_json(example_result(), -1);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(ResultJson, ANameThatIsNoUtf8StillGivesADocument) {
  Result result = example_result();
  result.scenario = "caf\xe9";
  EXPECT_NO_THROW(json::parse(to_json(result)));
}

TEST(Metric, FindsANumberByItsPath) {
  const Result r = example_result();
  EXPECT_EQ(metric(r, "step_time_s"), 2.0);
  EXPECT_EQ(metric(r, "memory.peak_bytes"), 60.0 * (1 << 30));
  EXPECT_EQ(metric(r, "time.bubble_s"), 0.5);
  EXPECT_EQ(metric(r, "memory.stages.0.peak_bytes"), static_cast<double>(r.memory.stages[0].peak.n));
  EXPECT_EQ(metric(r, "model_tflops_per_gpu", "model-full"), 550.0);
}

TEST(Metric, WhatIsNoNumberIsNone) {
  const Result r = example_result();
  for (const char* path : {"memory.stages.99.peak_bytes", "memory.stages.first.peak_bytes", "", ".", "memory",
                           "memory.fits", "scenario", "memory.peak_bytes.more", "nothing"})
    EXPECT_EQ(metric(r, path), std::nullopt) << path;
}

TEST(ResultCsv, HeaderAndRowHaveTheSameNumberOfFields) {
  Result result = example_result();
  result.scenario = "plain";
  const std::string header = csv_header(result), row = csv_row(result);
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(row.begin(), row.end(), ','));
  EXPECT_NE(header.find("memory.peak_bytes"), std::string::npos);
}

TEST(ResultCsv, QuotesWhatNeedsIt) {
  EXPECT_NE(csv_row(example_result()).find("\"Two stages, \"\"quoted\"\"\""), std::string::npos);
}

}  // namespace
}  // namespace orrery::report
