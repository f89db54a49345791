#include "models/memory/deepspeed_estimator.h"

#include <gtest/gtest.h>

#include "tests/models/architecture/table.h"

namespace orrery::models {
namespace {

EstimatedMemory estimate(const Row& row) {
  const auto number = [&](const char* name) { return std::stoll(row.at(name)); };
  const DeepSpeedCluster cluster{number("gpus_per_node"), number("nodes")};
  const bool optimizer = row.at("offload_optimizer") == "1", parameters = row.at("offload_param") == "1";
  if (row.at("estimator") == "zero2") return deepspeed_zero2(number("total_params"), cluster, optimizer);
  const Zero3Offload offload = parameters  ? Zero3Offload::optimizer_and_parameters
                               : optimizer ? Zero3Offload::optimizer
                                           : Zero3Offload::none;
  return deepspeed_zero3(number("total_params"), number("largest_layer_params"), cluster, offload,
                         row.at("zero_init") == "1");
}

TEST(DeepSpeedEstimator, AnswersAsTheExecutedOneDoes) {
  const std::vector<Row> rows = read_table(std::string(ORRERY_SHARED_DATA) + "/memory/calc_deepspeed_estimators.csv");
  if (rows.empty()) GTEST_SKIP() << "shared data memory/calc_deepspeed_estimators.csv is not here";
  for (const Row& row : rows) {
    const EstimatedMemory memory = estimate(row);
    EXPECT_EQ(memory.cpu.n, std::stoll(row.at("cpu_bytes"))) << row.at("estimator") << ' ' << row.at("total_params");
    EXPECT_EQ(memory.gpu.n, std::stoll(row.at("gpu_bytes"))) << row.at("estimator") << ' ' << row.at("total_params");
  }
}

// DeepSpeed's documentation prints 71.69 GB of CPU and 0.12 GB of GPU for 2,851M parameters on 8 GPUs, all offloaded.
TEST(DeepSpeedEstimator, TheDocumentedExample) {
  const EstimatedMemory memory =
      deepspeed_zero3(2'851'000'000, 32'000'000, {8, 1}, Zero3Offload::optimizer_and_parameters, true);
  EXPECT_NEAR(static_cast<double>(memory.cpu.n) / (1 << 30), 71.69, 0.005);
  EXPECT_NEAR(static_cast<double>(memory.gpu.n) / (1 << 30), 0.12, 0.005);
}

}  // namespace
}  // namespace orrery::models
