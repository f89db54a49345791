// Closed forms of pipelines, met by whole scenarios on a cluster with free links.

#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Stages cost the same but for a head of 128 words, a millionth of a layer.
std::string pipeline(int p, int m, const std::string& schedule, int v) {
  return "model: {layers: 32, hidden: 4096, heads: 32, vocab: 128}\n"
         "cluster: {preset: ideal, nodes: 1, gpus_per_node: " +
         std::to_string(p) +
         "}\n"
         "training: {sequence_length: 2048, global_batch: " +
         std::to_string(m) +
         ", micro_batch: 1}\n"
         "layout: {tp: 1, pp: " +
         std::to_string(p) +
         "}\n"
         "pipeline: {schedule: " +
         schedule + (v > 1 ? ", virtual_stages: " + std::to_string(v) : "") +
         "}\n"
         "software: ideal\n";
}

double bubble_of_pipeline(const std::string& text) {
  const sim::RunResult result = run_every_rank(compiled(read(text)));
  const auto optimizer = static_cast<std::size_t>(TimeCategory::optimizer);
  double bubble = 0, pipelined = 0;
  for (const sim::RankSummary& rank : result.ranks.distinct()) {
    bubble += rank.time.bubble.seconds();
    pipelined += result.step_time().seconds() - rank.time.busy[optimizer].seconds();
  }
  return bubble / pipelined;
}

// (p-1)/(m+p-1) of the part of the step that is pipelined: all but the optimizer.
TEST(Bubble, OneForwardOneBackward) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "1f1b", 1)), 3.0 / 11, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(8, 8, "1f1b", 1)), 7.0 / 15, 0.004);
}

TEST(Bubble, GpipeIsTheSame) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "gpipe", 1)), 3.0 / 11, 0.004);
}

// (p-1)/(vm+p-1)
TEST(Bubble, VirtualStagesDivideIt) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "interleaved-1f1b", 2)), 3.0 / 19, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "interleaved-1f1b", 4)), 3.0 / 35, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "looped-bfs", 2)), 3.0 / 19, 0.004);
}

}  // namespace
}  // namespace orrery::models
