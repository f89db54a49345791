#include <gtest/gtest.h>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/memory/states.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"
#include "tests/models/architecture/table.h"

// The analytic figures of the Ultra-Scale Playbook, from the same counts and
// tensor lists that a run uses.
namespace orrery::models {
namespace {

// Shapes behind a figure. The playbook leaves norm weights out of its Llama
// parameters, and counts activations as 34sbh of a GPT layer of that width.
struct Figure {
  ModelSpec parameters;  // counted for states
  bool norms = false;    // in that count
  Precision precision = Precision::bf16;
  double optimizer = 8;  // bytes: the two moments
  bool scores = false;   // kept (no flash attention, nothing recomputed)
};

ModelSpec llama_1b() {
  ModelSpec model = llama(16, 2048, 8192, 32, 8);
  model.tied_embeddings = true;
  return model;
}

ModelSpec wide_vocabulary(ModelSpec model) {
  model.vocab = 131072;
  return model;
}

// The oldest figure counts the Llama models as GPTs with learned positions, in fp32.
Figure as_gpt(const ModelSpec& llama) {
  return {gpt(llama.layers, llama.hidden, llama.heads, llama.vocab), true, Precision::fp32, 8, true};
}

Figure figure_of(const std::string& figure, const std::string& panel) {
  if (figure == "memusage_activations") {
    if (panel == "Meta-Llama-3.1-8B") return as_gpt(llama_8b());
    if (panel == "Meta-Llama-3.1-70B") return as_gpt(llama_70b());
    return as_gpt(llama_405b());
  }
  if (figure == "dp_ourjourney_memoryusage" && panel == "1B model") return {llama_1b()};
  if (figure == "dp_ourjourney_memoryusage" && panel == "70B model") return {llama_70b()};
  if (figure.starts_with("tp_")) return {wide_vocabulary(llama_70b())};
  if (figure.starts_with("zero3")) return {wide_vocabulary(llama_8b())};
  return {llama_8b()};
}

// Layouts that the panels' names speak of.
LayoutSpec layout_of(const std::string& panel) {
  LayoutSpec layout;
  const auto after = [&](const std::string& key) {
    const std::size_t at = panel.find(key);
    return at == std::string::npos ? 1 : std::stoi(panel.substr(at + key.size()));
  };
  layout.tp = after("TP=");
  layout.cp = after("CP=");
  layout.pp = after("PP=");
  layout.dp = after("DP=");
  layout.zero = panel.find("Zero-") == std::string::npos ? 0 : after("Zero-");
  layout.sequence_parallel = panel.find("with SP") != std::string::npos;
  return layout;
}

// Whole stages: the first has its layers and the embedding (and without a pipeline the head).
std::int64_t parameters_of_first_stage(const Figure& figure, const LayoutSpec& layout, std::int64_t sequence) {
  const ParameterCount count = count_parameters(figure.parameters, sequence);
  const std::int64_t norms = figure.norms ? 0 : (2 * figure.parameters.layers + 1) * figure.parameters.hidden;
  const std::int64_t layers = count.total - norms - count.embedding - count.head;
  const std::int64_t tables = count.embedding + (layout.pp == 1 ? count.head : 0);
  return (layers / layout.pp + tables) / layout.tp;
}

// Of one micro-batch, times the p that the first stage has in flight.
std::int64_t activations(const Figure& figure, const LayoutSpec& layout, std::int64_t sequence) {
  const ModelSpec& m = figure.parameters;
  Scenario scenario =
      scenario_of(gpt(m.layers, m.hidden, m.heads, m.vocab), sequence / layout.cp, layout.tp, layout.sequence_parallel);
  scenario.training.dropout = 0.1;
  scenario.training.attention = AttentionKind::unfused;
  if (!figure.scores) scenario.training.recompute.kind = Recompute::Kind::selective;
  const std::int64_t layer = saved_bytes(piece_work(scenario, PieceKind::layer, 0, 0));
  const std::int64_t token_ids = 8 * sequence;
  const std::int64_t embedding = saved_bytes(piece_work(scenario, PieceKind::embedding, 0, 0)) - token_ids;
  return m.layers / layout.pp * layer * layout.pp + (figure.scores ? embedding : 0);
}

std::int64_t bytes_of(const std::string& component, const Figure& figure, const LayoutSpec& layout,
                      std::int64_t sequence) {
  if (component == "activations") return activations(figure, layout, sequence);
  Scenario scenario;
  scenario.layout = layout;
  scenario.layout.cp = 1;
  scenario.training.precision = figure.precision;
  scenario.training.gradients = GradientType::bf16;
  scenario.training.optimizer = Optimizer::custom;
  scenario.training.optimizer_bytes_per_parameter = figure.optimizer;
  const StateBytes states = state_bytes(scenario, parameters_of_first_stage(figure, layout, sequence), 0);
  if (component == "gradients") return states.gradients.n;
  return component == "optimizer states" ? states.optimizer.n : states.parameters.n;
}

TEST(Playbook, EveryPlottedNumberComesOutExactly) {
  const std::vector<Row> rows = read_table(std::string(ORRERY_SHARED_DATA) + "/memory/calc_playbook_analytic.csv");
  if (rows.empty()) GTEST_SKIP() << "shared data memory/calc_playbook_analytic.csv is not here";
  for (const Row& row : rows) {
    const Figure figure = figure_of(row.at("figure"), row.at("panel"));
    const LayoutSpec layout = layout_of(row.at("panel"));
    const std::int64_t bytes = bytes_of(row.at("component"), figure, layout, std::stoll(row.at("seq")));
    EXPECT_EQ(static_cast<double>(bytes) / (1 << 30), std::stod(row.at("gib")))
        << row.at("figure") << ", " << row.at("panel") << ", " << row.at("component") << ", " << row.at("seq");
  }
}

}  // namespace
}  // namespace orrery::models
