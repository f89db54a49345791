#include <algorithm>
#include <numeric>
#include <string>

#include "models/layout/sharding.h"
#include "models/scenario/reading.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

std::string text(std::int64_t n) {
  return std::to_string(n);
}

void check_schedule(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.schedule", "pipeline.virtual_stages"})) return;
  const PipelineSpec& pipeline = reading.scenario.pipeline;
  const int pp = reading.scenario.layout.pp;
  if (pipeline.schedule == "none" && pp > 1) reading.fail("pipeline.schedule", "schedule none, but pp is " + text(pp));
  if (!pipeline.optimizer_barrier && !schedule_traits(pipeline.schedule).splits)
    reading.fail("pipeline.optimizer_barrier",
                 "optimizer_barrier: false is the post-validated step of zero-bubble schedules; the schedule is " +
                     quote(pipeline.schedule));
  if (reading.written("pipeline.memory_limit") && !schedule_traits(pipeline.schedule).limited)
    reading.fail("pipeline.memory_limit",
                 "'memory_limit' belongs to zb-auto; the schedule is " + quote(pipeline.schedule));
  if (pipeline.virtual_stages == 1 || (pp == 1 && !reading.written("pipeline.virtual_stages"))) return;
  if (pp == 1)
    reading.fail("pipeline.virtual_stages",
                 "virtual_stages " + text(pipeline.virtual_stages) + " needs pp > 1, but pp is 1");
  else if (schedule_traits(pipeline.schedule).chunks == 1)
    reading.fail("pipeline.virtual_stages", "virtual_stages " + text(pipeline.virtual_stages) + ", but schedule " +
                                                quote(pipeline.schedule) +
                                                " holds one chunk a rank; did you mean 'interleaved-1f1b'?");
}

// Narayanan et al. (arXiv:2104.04473) ask for m mod pp = 0; later versions for
// groups of N micro-batches, the last one long enough to keep the pipeline fed.
void check_group(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.schedule", "pipeline.group", "pipeline.virtual_stages"})) return;
  const Scenario& scenario = reading.scenario;
  const PipelineSpec& pipeline = scenario.pipeline;
  const bool interleaved = schedule_traits(pipeline.schedule).grouped;
  if (reading.written("pipeline.group") && !interleaved) {
    reading.fail("pipeline.group",
                 "'group' belongs to interleaved schedules; the schedule is " + quote(pipeline.schedule));
    return;
  }
  if (!interleaved || scenario.layout.pp == 1 || pipeline.virtual_stages == 1) return;
  if (!reading.knows({"training.global_batch", "training.micro_batch", "layout.dp"})) return;
  const std::int64_t share = scenario.training.micro_batch * scenario.layout.dp;
  if (scenario.training.global_batch % share != 0) return;  // told by check_batch
  const std::int64_t m = scenario.training.global_batch / share, n = pipeline.group;
  const std::string_view here = reading.written("pipeline.group") ? "pipeline.group" : "pipeline.schedule";
  const std::string numbers =
      "group N = " + text(n) + ", m = global_batch/(dp*micro_batch) = " + text(m) + " micro-batches";
  if (n > m)
    reading.fail(here, pipeline.schedule + " needs N <= m: " + numbers);
  else if (m % n != 0 && m % n < std::min<std::int64_t>(scenario.layout.pp, n))
    reading.fail(here, pipeline.schedule + " needs m mod N to be 0 or at least min(pp, N): " + numbers +
                           ", m mod N = " + text(m % n));
}

void check_stage_layers(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.virtual_stages", "pipeline.stage_layers", "model.layers"})) return;
  const Scenario& scenario = reading.scenario;
  const std::vector<int>& stages = scenario.pipeline.stage_layers;
  const std::int64_t chunks = std::int64_t{scenario.layout.pp} * scenario.pipeline.virtual_stages;
  const std::string pieces = "pp*virtual_stages = " + text(scenario.layout.pp) + "*" +
                             text(scenario.pipeline.virtual_stages) + " = " + text(chunks);
  if (!reading.written("pipeline.stage_layers")) {
    if (!scenario.model.table.empty() && chunks > scenario.model.layers)
      reading.fail("layout.pp", pieces + " chunks are more than the table's layers, " + text(scenario.model.layers));
    else if (chunks > scenario.model.layers + 2)
      reading.fail(reading.written("pipeline.virtual_stages") ? "pipeline.virtual_stages" : "layout.pp",
                   pieces + " chunks are more than layers + 2 = " + text(scenario.model.layers + 2));
    return;
  }
  if (static_cast<std::int64_t>(stages.size()) != chunks) {
    reading.fail("pipeline.stage_layers",
                 "stage_layers has " + text(static_cast<std::int64_t>(stages.size())) + " entries, but " + pieces);
    return;
  }
  const std::int64_t sum = std::accumulate(stages.begin(), stages.end(), std::int64_t{0});
  if (sum != scenario.model.layers)
    reading.fail("pipeline.stage_layers", "stage_layers adds up to " + text(sum) + ", but the model has " +
                                              text(scenario.model.layers) + " layers");
}

// Sends that wait for their receives need two neighbours to come to them in turn,
// as in 1F1B. Breadth first, the last rank has a second-chunk input to send before
// the first rank is through with its first chunk; with backwards split, on a V or
// from both ends they cross too. If both wait for each other, nothing moves.
void check_waiting(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.schedule", "pipeline.virtual_stages", "overlap.pipeline"})) return;
  const Scenario& scenario = reading.scenario;
  const PipelineSpec& pipeline = scenario.pipeline;
  if (scenario.overlap.pipeline || scenario.layout.pp == 1 || schedule_traits(pipeline.schedule).may_wait) return;
  if (pipeline.schedule == "looped-bfs" && pipeline.virtual_stages == 1) return;
  if (!schedule_traits(pipeline.schedule).flushes)
    return reading.fail(reading.written("overlap.pipeline") ? "overlap.pipeline" : "pipeline.schedule",
                        pipeline.schedule +
                            " keeps micro-batches on their way from step to step: it needs "
                            "overlap.pipeline: true");
  reading.fail(reading.written("overlap.pipeline") ? "overlap.pipeline" : "pipeline.schedule",
               pipeline.schedule + " with sends that wait would deadlock: it needs overlap.pipeline: true");
}

// A forward and a backward in one slot hand on what they made when both are through, so micro-batches take twice as
// many slots to come back: one stage a rank would have to hold 2 pp of them, and nobody runs it so.
void check_expert_overlap(Reading& reading) {
  if (!reading.knows({"layout.pp", "layout.ep", "pipeline.schedule", "overlap.expert_parallel", "overlap.pipeline"}))
    return;
  const Scenario& scenario = reading.scenario;
  if (!scenario.overlap.expert_parallel) return;
  if (scenario.layout.ep == 1) {
    reading.scenario.warnings.push_back("overlap.expert_parallel has no effect at ep 1");
    return;
  }
  const std::string& schedule = scenario.pipeline.schedule;
  const std::string_view key =
      reading.written("overlap.expert_parallel") ? "overlap.expert_parallel" : "pipeline.schedule";
  const bool always = schedule.starts_with("dualpipe") || schedule.ends_with(".csv");
  if (!always && !schedule_traits(schedule).may_pair)
    return reading.fail(key,
                        "overlap.expert_parallel needs slots of a forward and a backward: schedule "
                        "interleaved-1f1b, dualpipe, dualpipe-v, or pp: 1; it is " +
                            schedule);
  if (scenario.layout.pp > 1 && !scenario.overlap.pipeline)
    reading.fail(key, "overlap.expert_parallel with sends that wait would deadlock: it needs overlap.pipeline: true");
}

// A stage of a stream without an end updates its weights when its own backwards
// are done, and goes on at once.
void check_stream(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.schedule"})) return;
  const Scenario& scenario = reading.scenario;
  const std::string& schedule = scenario.pipeline.schedule;
  if (schedule_traits(schedule).flushes) return;
  const ModelSpec& model = scenario.model;
  if (scenario.layout.pp > 1 && model.table.empty() && (model.tied_embeddings || model.mtp_layers > 0))
    reading.fail("pipeline.schedule", schedule +
                                          " updates each stage by itself, but the first and the last stage share the "
                                          "embedding: it needs " +
                                          (model.mtp_layers > 0 ? "mtp_layers: 0" : "tied_embeddings: false"));
  // Weights change behind a backward while forwards under way still need older versions: whoever gathers shards would
  // have to say of which, for every micro-batch. PipeDream and its 2BW replicate whole stages (arXiv:1806.03377,
  // 2006.09503); DeepSpeed's and Megatron-LM's pipelines, which split states, flush.
  const auto alone = [&](bool asked, std::string_view key) {
    if (asked)
      reading.fail(key, quote(key) + " under schedule " + quote(schedule) +
                            ": with several versions of weights in use, replicas hold whole stages (layout.dp, "
                            "pipeline.stage_replicas); to split states, take a schedule that flushes");
  };
  alone(scenario.layout.zero > 0, "layout.zero");
  alone(!scenario.layout.fsdp.empty(), "layout.fsdp");
  alone(scenario.layout.offload.any(), "layout.offload");
}

// The two ranks of a stage reach its units at different times, and would gather them in different orders.
void check_replicas(Reading& reading) {
  if (!reading.knows({"layout.pp", "pipeline.schedule", "layout.zero"})) return;
  const Scenario& scenario = reading.scenario;
  const std::string& schedule = scenario.pipeline.schedule;
  if (schedule_traits(schedule).replicas == 1 || !sharding(scenario.layout, 2).parameters) return;
  const std::string_view key = scenario.layout.fsdp.empty() ? "layout.zero" : "layout.fsdp";
  reading.not_yet(reading.at(key), quote(key) + " with split parameters under schedule " + quote(schedule));
}

void check_recompute(Reading& reading) {
  if (!reading.knows({"training.recompute", "model.layers"})) return;
  const Scenario& scenario = reading.scenario;
  const Recompute& recompute = scenario.training.recompute;
  if (recompute.kind == Recompute::Kind::full_layers && recompute.n > scenario.model.layers)
    reading.fail("training.recompute", "full_layers " + text(recompute.n) + " is more than the model's " +
                                           text(scenario.model.layers) + " layers");
  const auto without = [&](std::string_view module, bool has, const std::string& what) {
    const bool named = std::find(recompute.modules.begin(), recompute.modules.end(), module) != recompute.modules.end();
    if (named && !has)
      reading.scenario.warnings.push_back("training.recompute: " + std::string(module) + " has no effect without " +
                                          what);
  };
  without("mla_up_proj", scenario.model.mla.has_value(), "latent attention");
  without("moe", scenario.model.moe.has_value(), "experts");
  without("moe_act", scenario.model.moe.has_value(), "experts");
  if (recompute.kind == Recompute::Kind::selective && scenario.training.attention == AttentionKind::flash)
    reading.scenario.warnings.push_back(
        "training.recompute: selective has no effect with flash attention, which keeps no scores");
}

}  // namespace

void check_pipeline(Reading& reading) {
  check_schedule(reading);
  check_group(reading);
  check_waiting(reading);
  check_expert_overlap(reading);
  check_stream(reading);
  check_replicas(reading);
  check_stage_layers(reading);
  check_recompute(reading);
}

}  // namespace orrery::models
