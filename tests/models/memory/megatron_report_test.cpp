#include "models/memory/megatron_report.h"

#include <gtest/gtest.h>

#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/megatron_arguments.h"
#include "tests/models/architecture/table.h"

namespace orrery::models {
namespace {

const std::string kTable = std::string(ORRERY_SHARED_DATA) + "/memory/calc_megatron_theoretical.csv";

// What a row leaves out is that of its base configuration: sequence parallelism,
// selective recomputation, distributed optimizer.
Scenario from_row(const nlohmann::json& args) {
  Scenario scenario;
  scenario.model = model_from_megatron(args);
  scenario.training.sequence_length = args.value("seq_length", 4096);
  scenario.training.micro_batch = args.value("micro_batch_size", 1);
  scenario.training.recompute.kind =
      args.value("recompute_granularity", "selective") == "full" ? Recompute::Kind::full : Recompute::Kind::selective;
  LayoutSpec& layout = scenario.layout;
  layout.tp = args["tensor_model_parallel_size"];
  layout.pp = args["pipeline_model_parallel_size"];
  layout.dp = args["data_parallel_size"];
  layout.ep = args.value("expert_model_parallel_size", 1);
  layout.sequence_parallel = args.value("sequence_parallel", true);
  layout.zero = 1;
  const nlohmann::json& chunks = args["virtual_pipeline_model_parallel_size"];
  if (!chunks.is_null()) scenario.pipeline.virtual_stages = chunks;
  return scenario;
}

TEST(MegatronReport, ComesOutAsMegatronPrintsIt) {
  const std::vector<Row> rows = read_table(kTable);
  if (rows.empty()) GTEST_SKIP() << "shared data memory/calc_megatron_theoretical.csv is not here";
  for (const Row& row : rows) {
    const Scenario scenario = from_row(nlohmann::json::parse(row.at("args")));
    std::optional<int> micro_batches;
    if (!row.at("num_microbatches").empty()) micro_batches = std::stoi(row.at("num_microbatches"));
    const MegatronReport report = megatron_report(scenario, micro_batches);
    const auto mib = [](double bytes) { return bytes / (1 << 20); };
    const double digit = 0.50001e-4;  // printed with four decimals
    EXPECT_NEAR(report.parameters / 1e9, std::stod(row.at("total_params_b")), 0.00501) << row.at("config");
    EXPECT_NEAR(mib(report.weight_and_optimizer), std::stod(row.at("weight_and_optimizer_mib")), digit)
        << row.at("config");
    EXPECT_NEAR(mib(report.activation), std::stod(row.at("activation_mib")), digit) << row.at("config");
    EXPECT_NEAR(mib(report.total()), std::stod(row.at("total_mib")), digit) << row.at("config");
  }
}

// The report changes formula where sequence parallelism ends: a step that is Megatron-LM's, not the hardware's.
TEST(MegatronReport, JumpsBetweenItsTwoFormulas) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 1, true);
  scenario.layout.pp = 8;
  scenario.training.recompute.kind = Recompute::Kind::selective;
  const double sharded = megatron_report(scenario).activation;
  scenario.layout.sequence_parallel = false;  // nothing to shard at tp 1, and yet
  EXPECT_NEAR(megatron_report(scenario).activation / sharded, 1.05, 1e-12);
}

}  // namespace
}  // namespace orrery::models
