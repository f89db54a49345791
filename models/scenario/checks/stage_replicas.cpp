// Stages with numbers of replicas of their own (PipeDream): whether they fill the cluster, and the micro-batches of a
// step go round among them without a rest.
#include <numeric>
#include <string>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

constexpr const char* kKey = "pipeline.stage_replicas";

std::string said(std::int64_t n) {
  return std::to_string(n);
}

std::string sum_text(const std::vector<int>& replicas) {
  std::string sum;
  for (const int n : replicas) sum += (sum.empty() ? "(" : "+") + std::to_string(n);
  return sum + ")";
}

void check_ranks(Reading& reading) {
  const Scenario& s = reading.scenario;
  if (!reading.has_cluster || !reading.knows({"layout.tp", "layout.cp"})) return;
  const auto& replicas = s.layout.stage_replicas;
  const std::int64_t sum = std::accumulate(replicas.begin(), replicas.end(), std::int64_t{0});
  const auto ranks = static_cast<Int128>(s.layout.tp) * s.layout.cp * sum;
  if (ranks == s.cluster.gpus()) return;
  reading.fail(kKey, "tp*cp*" + sum_text(replicas) + " is not the " + said(s.cluster.gpus()) + " GPUs of the cluster");
}

bool is_usual(std::vector<Axis> order) {
  std::erase(order, Axis::ep);
  return order == std::vector<Axis>{Axis::tp, Axis::cp, Axis::dp, Axis::pp};
}

constexpr std::int64_t kMostRound = 1024;  // neighbours that a rank addresses in turn

// The least number of micro-batches that every stage's replicas share evenly; any above kMostRound for more.
std::int64_t least_round(const std::vector<int>& replicas) {
  std::int64_t round = 1;
  for (const int n : replicas)
    if (round <= kMostRound) round = std::lcm(round, std::int64_t{n});
  return round;
}

void check_round(Reading& reading) {
  const Scenario& s = reading.scenario;
  if (!reading.knows({"training.global_batch", "training.micro_batch"})) return;
  const std::string replicas = sum_text(s.layout.stage_replicas) + " replicas";
  const std::int64_t m = s.training.global_batch / s.training.micro_batch, round = least_round(s.layout.stage_replicas);
  if (round > kMostRound)
    return reading.not_yet(reading.at(kKey), "a round of more than 1,024 micro-batches among " + replicas);
  if (m % round != 0)
    reading.fail(kKey, "global_batch/micro_batch = " + said(m) + " micro-batches do not go round among " + replicas +
                           ": they need a multiple of " + said(round));
}

}  // namespace

void check_stage_replicas(Reading& reading) {
  const Scenario& s = reading.scenario;
  const LayoutSpec& layout = s.layout;
  if (layout.stage_replicas.empty() || !reading.knows({kKey, "layout.pp", "pipeline.schedule"})) return;
  if (s.pipeline.schedule != "pipedream")
    return reading.fail(kKey, "'stage_replicas' belongs to pipedream; the schedule is " + quote(s.pipeline.schedule));
  const auto entries = static_cast<std::int64_t>(layout.stage_replicas.size());
  if (entries != layout.pp)
    return reading.fail(kKey, "stage_replicas has " + said(entries) + " entries, but pp is " + said(layout.pp));
  if (reading.knows({"layout.dp"}) && layout.dp != 1)
    reading.fail("layout.dp",
                 "dp " + said(layout.dp) + " beside stage_replicas, which says how many each stage has: dp must be 1");
  check_ranks(reading);
  check_round(reading);
  const auto beside = [&](bool asked, std::string_view key, const std::string& what) {
    if (asked) reading.not_yet(reading.at(key), what + " beside pipeline.stage_replicas");
  };
  beside(layout.cp > 1, "layout.cp", "context parallelism");
  beside(s.model.moe.has_value(), "model.moe", "a model with experts");
  beside(!layout.by_layers.empty(), "layout.by_layers", "'by_layers'");
  beside(!is_usual(layout.order), "layout.order", "an order other than [tp, cp, dp, pp]");
}

}  // namespace orrery::models
