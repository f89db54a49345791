#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/memory/states.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"
#include "tests/models/architecture/table.h"

// Allocated memory as measured, against states, tensor lists and working sets
// added up by hand (a run finds the peak by simulating the step).
namespace orrery::models {
namespace {

Scenario from_row(const Row& row) {
  const auto number = [&](const char* name) { return std::stoi(row.at(name)); };
  Scenario scenario = scenario_of(
      llama(number("layers"), number("hidden"), number("ffn"), number("heads"), number("kv_heads"), number("vocab")),
      number("seq"), number("tp"), row.at("sp") == "1");
  scenario.layout.pp = number("pp");
  scenario.layout.dp = number("dp");
  scenario.layout.zero = 1;
  scenario.training.micro_batch = number("mbs");
  scenario.training.global_batch = number("microbatches") * number("mbs") * number("dp");
  // Megatron-LM's own fused loss still begins with an fp32 copy of the logits.
  scenario.software.fused_cross_entropy = false;
  scenario.software.dummy_weight_gradients = true;
  return scenario;
}

// Layers divide evenly in these rows; 1F1B holds min(p - stage, m) micro-batches. The peak of a last
// stage is at its loss, or behind it, when the fp32 logits have gone and gradients are made.
double predicted(const Scenario& scenario, int stage) {
  const int pp = scenario.layout.pp;
  std::vector<std::pair<PieceKind, int>> pieces = {{PieceKind::layer, scenario.model.layers / pp}};
  if (stage == 0) pieces.emplace_back(PieceKind::embedding, 1);
  if (stage == pp - 1) pieces.emplace_back(PieceKind::head, 1);

  std::int64_t parameters = 0, saved = 0, transient = 0;
  for (const auto& [kind, count] : pieces) {
    const PieceWork work = piece_work(scenario, kind, 0, 0);
    parameters += count * piece_parameters(scenario, kind, 0).dense();
    saved += count * saved_bytes(work);
    if (kind != PieceKind::embedding) transient = std::max(transient, work.backward_transient.n);
  }
  const std::int64_t loss = stage == pp - 1 ? saved_bytes(piece_work(scenario, PieceKind::loss, 0, 0)) : 0;
  std::int64_t unread = 0;
  for (const Bytes gradient : dummy_weight_gradients(scenario, {0})) unread += gradient.n;
  const int in_flight = std::min(pp - stage, scenario.micro_batches());
  return static_cast<double>(state_bytes(scenario, parameters, 0).total().n + in_flight * saved +
                             std::max(loss, transient) + unread);
}

// SimuMax's Llama-3 runs on B200 without context parallelism: what the caching
// allocator gave out on the largest rank of each stage. Nothing is fitted; the
// bars are the project's for allocated memory (mean 1 %, worst 3 %).
TEST(Measured, AllocatedMemoryOfDenseRunsOnB200) {
  const std::vector<Row> rows = read_table(std::string(ORRERY_SHARED_DATA) + "/memory/simumax_b200_per_rank.csv");
  if (rows.empty()) GTEST_SKIP() << "shared data memory/simumax_b200_per_rank.csv is not here";
  std::map<std::pair<std::string, int>, double> errors;
  for (const Row& row : rows) {
    if (!row.at("moe_mla").empty() || row.at("cp") != "1") continue;
    const int stage = std::stoi(row.at("pp_stage"));
    const double measured = std::stod(row.at("max_allocated_mib")) * (1 << 20);
    const double error = predicted(from_row(row), stage) / measured - 1;
    errors[{row.at("case"), stage}] = error;
  }
  double sum = 0;
  for (const auto& [where, error] : errors) {
    EXPECT_LT(std::abs(error), 0.03) << where.first << ", stage " << where.second;
    sum += std::abs(error);
  }
  ASSERT_FALSE(errors.empty());
  EXPECT_LT(sum / static_cast<double>(errors.size()), 0.01);
}

}  // namespace
}  // namespace orrery::models
