// What must agree with what. Every message carries the numbers, and the place of
// the other key when two disagree.
#include <algorithm>
#include <string>

#include "models/layout/context_split.h"
#include "models/layout/sharding.h"
#include "models/layout/tensor_grid.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

std::string text(std::int64_t n) {
  return std::to_string(n);
}

// "tp 8"; with the place where it was written, if it was.
std::string named(const Reading& reading, std::string_view key, std::int64_t value) {
  std::string out(find_key(key)->name());
  out += ' ' + text(value);
  const auto place = reading.scenario.places.find(std::string(key));
  if (place == reading.scenario.places.end()) return out;
  const Where& at = place->second;
  out += " (" + at.file;
  if (at.line > 0) out += ':' + text(at.line) + ':' + text(at.column);
  return out + ")";
}

// The key of `keys` that somebody wrote, so that the finger points at a line.
std::string_view first_written(const Reading& reading, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (reading.written(key)) return key;
  return *keys.begin();
}

std::string product_text(Int128 product) {
  constexpr std::int64_t kPrinted = 1'000'000'000'000;
  return product > kPrinted ? "more than " + text(kPrinted) : text(static_cast<std::int64_t>(product));
}

std::string grid_text(const LayoutSpec& layout, bool with_dp) {
  std::string names = "tp*cp*pp", numbers = text(layout.tp) + "*" + text(layout.cp) + "*" + text(layout.pp);
  Int128 product = std::int64_t{layout.tp} * layout.cp * layout.pp;
  if (with_dp) {
    names += "*dp";
    numbers += "*" + text(layout.dp);
    product *= layout.dp;
  }
  return names + " = " + numbers + " = " + product_text(product);
}

void check_attention_kind(Reading& reading) {
  if (!reading.knows({"model.heads", "model.kv_heads", "model.attention"})) return;
  const ModelSpec& model = reading.scenario.model;
  const std::string& kind = reading.attention_kind;
  const bool mha = model.kv_heads == model.heads, mqa = model.kv_heads == 1;
  if ((kind == "mha" && !mha) || (kind == "mqa" && !mqa))
    reading.fail("model.attention", quote(kind) + " has " +
                                        (mqa || kind == "mha" ? "as many key heads as heads" : "one key head") +
                                        ", but heads is " + text(model.heads) + " and " +
                                        named(reading, "model.kv_heads", model.kv_heads));
}

void check_experts(Reading& reading) {
  if (!reading.scenario.model.moe || !reading.knows({"model.moe", "model.layers"})) return;
  const MoeSpec& moe = *reading.scenario.model.moe;
  if (moe.top_k > moe.experts)
    reading.fail("model.moe.top_k",
                 "top_k " + text(moe.top_k) + " is more than " + named(reading, "model.moe.experts", moe.experts));
  if (moe.dense_layers > reading.scenario.model.layers)
    reading.fail("model.moe.dense_layers", "dense_layers " + text(moe.dense_layers) + " is more than " +
                                               named(reading, "model.layers", reading.scenario.model.layers));
}

void check_heads(Reading& reading) {
  if (!reading.knows({"layout.tp", "model.hidden", "model.heads", "model.kv_heads", "model.ffn"})) return;
  if (tensor_grid(reading.scenario.layout).active()) return;  // divides otherwise: check_tensor_grid
  if (!reading.scenario.model.table.empty()) return;          // and so does a table: check_layer_table
  const ModelSpec& model = reading.scenario.model;
  const int tp = reading.scenario.layout.tp;
  const std::string_view here = first_written(reading, {"layout.tp", "model.heads"});
  const bool split = model.heads % tp == 0;
  if (!split) reading.fail(here, "tp " + text(tp) + " does not divide " + named(reading, "model.heads", model.heads));
  // Fewer key heads than tp ranks are copied, if evenly.
  const bool even = model.kv_heads % tp == 0 || tp % model.kv_heads == 0;
  if (split && !even && !model.mla)
    reading.fail(here, "tp " + text(tp) + " and " + named(reading, "model.kv_heads", model.kv_heads) +
                           ": neither divides the other");
  if (model.ffn % tp != 0)
    reading.fail(here, "tp " + text(tp) + " does not divide " + named(reading, "model.ffn", model.ffn));
}

void check_split_products(Reading& reading) {
  const Scenario& scenario = reading.scenario;
  if (!scenario.overlap.tensor_parallel || !reading.knows({"layout.tp", "layout.sequence_parallel"})) return;
  if (scenario.layout.tp == 1 || scenario.layout.sequence_parallel) return;
  reading.fail("overlap.tensor_parallel",
               scenario.model.table.empty()
                   ? "overlap.tensor_parallel needs sequence_parallel: true; an all-reduce is not split"
                   : "overlap.tensor_parallel splits products of transformers: those of a layer_table need false");
}

void check_context(Reading& reading) {
  if (!reading.knows({"layout.tp", "layout.cp", "layout.cp_method", "model.heads"})) return;
  const Scenario& scenario = reading.scenario;
  const LayoutSpec& layout = scenario.layout;
  const ContextSplit split = context_split(layout);
  if (split.ulysses * split.ring != layout.cp)
    reading.fail("layout.cp_method", "ulysses*ring = " + text(split.ulysses) + "*" + text(split.ring) + " = " +
                                         text(std::int64_t{split.ulysses} * split.ring) + " is not " +
                                         named(reading, "layout.cp", layout.cp));
  if (layout.cp == 1) return;
  const std::int64_t over = std::int64_t{layout.tp} * split.ulysses;
  if (scenario.model.heads % over != 0)
    reading.fail("layout.cp", "ulysses: tp*" + std::string(split.ring > 1 ? "ulysses" : "cp") + " = " + text(over) +
                                  " does not divide " + named(reading, "model.heads", scenario.model.heads));
  if (scenario.training.attention == AttentionKind::unfused)
    reading.fail("training.attention",
                 "unfused attention holds whole score matrices; cp " + text(layout.cp) + " needs flash");
  const bool passes = split.ring > 1 && split.kind != ContextSplit::Ring::gather;
  if (passes && scenario.model.window > 0)
    reading.not_yet(reading.at("model.attention"),
                    "a sliding window with a ring of keys (cp_method all_gather and ulysses take one)");
}

// ZeRO++'s hierarchy is of ranks that hold the same parameters. DeepSpeed has no expert parallelism under ZeRO 3
// (runtime/engine.py), so experts are parameters like others there: on every rank, or split over tp as the rest is.
void check_zeropp_of_experts(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (layout.zeropp.any() && (layout.ep > 1 || layout.etp != layout.tp))
    reading.fail("layout.zeropp", "'zeropp' with ep " + text(layout.ep) + " and etp " + text(layout.etp) +
                                      ": experts must have the replicas of all other parameters, ep 1 and etp " +
                                      text(layout.tp) + "; DeepSpeed has no expert parallelism under ZeRO 3");
}

void check_expert_grid(Reading& reading) {
  if (!reading.knows({"layout.tp", "layout.cp", "layout.dp", "layout.ep", "layout.etp", "model.moe"})) return;
  const LayoutSpec& layout = reading.scenario.layout;
  const auto& moe = reading.scenario.model.moe;
  if (!moe) {
    for (const char* key : {"layout.ep", "layout.etp"}) {
      const int degree = key == std::string_view("layout.ep") ? layout.ep : layout.etp;
      if (reading.written(key) && degree > 1 && !(degree == layout.tp && key == std::string_view("layout.etp")))
        reading.fail(key, std::string(find_key(key)->name()) + " " + text(degree) +
                              ", but the model has no experts (model.moe)");
    }
    return;
  }
  const std::int64_t experts = std::int64_t{layout.etp} * layout.ep;
  const std::int64_t dense = std::int64_t{layout.tp} * layout.cp * layout.dp;
  if (dense % experts != 0)
    reading.fail("layout.ep", "etp*ep = " + text(layout.etp) + "*" + text(layout.ep) + " = " + text(experts) +
                                  " does not divide tp*cp*dp = " + text(dense));
  if (layout.tp > 1 && !layout.sequence_parallel)
    reading.fail("layout.sequence_parallel",
                 "experts with " + named(reading, "layout.tp", layout.tp) +
                     " need sequence_parallel, or every tp rank would route the same tokens");
  if (moe->ffn % layout.etp != 0)
    reading.fail(first_written(reading, {"layout.etp", "layout.tp"}),
                 "etp " + text(layout.etp) + " does not divide " + named(reading, "model.moe.ffn", moe->ffn));
  if (std::int64_t{moe->shared_experts} * moe->ffn % layout.tp != 0)
    reading.fail(first_written(reading, {"layout.tp", "model.moe.ffn"}),
                 "tp " + text(layout.tp) + " does not divide the " + text(moe->shared_experts) + "*" + text(moe->ffn) +
                     " columns of the shared experts");
  if (moe->experts % layout.ep != 0)
    reading.fail("layout.ep",
                 "ep " + text(layout.ep) + " does not divide " + named(reading, "model.moe.experts", moe->experts));
  check_zeropp_of_experts(reading);
}

}  // namespace

void check_model(Reading& reading) {
  check_attention_kind(reading);
  check_experts(reading);
}

void check_grid(Reading& reading) {
  const Scenario& scenario = reading.scenario;
  const LayoutSpec& layout = scenario.layout;
  check_heads(reading);
  check_context(reading);
  check_split_products(reading);
  check_expert_grid(reading);
  const bool with_dp = reading.written("layout.dp");
  if (!reading.has_cluster || !reading.knows({"layout.tp", "layout.cp", "layout.pp"})) return;
  if (with_dp && !reading.knows({"layout.dp"})) return;

  if (!layout.stage_replicas.empty()) return;  // counted there: check_stage_replicas
  const std::int64_t gpus = scenario.cluster.gpus();
  const std::int64_t fixed = std::int64_t{layout.tp} * layout.cp * layout.pp;
  const bool fits = with_dp ? static_cast<Int128>(fixed) * layout.dp == gpus : fixed <= gpus && gpus % fixed == 0;
  if (fits) return;
  const std::string_view machine = first_written(reading, {"cluster.gpus", "cluster.nodes", "cluster"});
  const Where& at = reading.at(machine);
  const std::string where = " (" + at.file + (at.line > 0 ? ":" + text(at.line) + ":" + text(at.column) : "") + ")";
  reading.fail(first_written(reading, {"layout.dp", "layout.pp", "layout.tp", "layout.cp", "layout"}),
               grid_text(layout, with_dp) + (with_dp ? ", but the cluster has " : " does not fill the cluster's ") +
                   text(gpus) + " GPUs" + where);
}

void check_batch(Reading& reading) {
  const Scenario& scenario = reading.scenario;
  const TrainingSpec& training = scenario.training;
  const LayoutSpec& layout = scenario.layout;
  const bool counted = reading.knows({"training.global_batch", "training.micro_batch", "layout.dp"});
  const std::int64_t share = std::int64_t{layout.dp} * training.micro_batch;
  if (counted && training.global_batch % share != 0)
    reading.fail(
        "training.global_batch",
        "global_batch " + text(training.global_batch) + " is not a multiple of dp*micro_batch = " + text(layout.dp) +
            "*" + text(training.micro_batch) + " = " + text(share) + "; nearest are " +
            (training.global_batch > share ? text(training.global_batch / share * share) + " and " : std::string()) +
            text((training.global_batch / share + 1) * share));
  if (!reading.knows({"training.sequence_length", "layout.cp", "layout.tp", "layout.cp_method"})) return;
  const ContextSplit split = context_split(layout);
  const bool zigzag = layout.cp > 1 && split.ring > 1 && split.kind != ContextSplit::Ring::plain;
  const std::int64_t pieces = std::int64_t{layout.cp} * (zigzag ? 2 : 1) * (layout.sequence_parallel ? layout.tp : 1);
  if (training.sequence_length % pieces != 0)
    reading.fail("training.sequence_length",
                 "sequence_length " + text(training.sequence_length) + " is not a multiple of " +
                     (layout.cp > 1 ? (zigzag ? "2*cp" : "cp") : "") +
                     (layout.cp > 1 && layout.sequence_parallel ? "*" : "") +
                     (layout.sequence_parallel ? "tp (sequence_parallel)" : "") + " = " + text(pieces));
}

namespace {

void check_optimizer_instances(Reading& reading, std::int64_t replicas) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (layout.optimizer_instances == 1) return;
  if (replicas % layout.optimizer_instances != 0)
    reading.fail("layout.optimizer_instances", "optimizer_instances " + text(layout.optimizer_instances) +
                                                   " does not divide dp*cp = " + text(replicas));
  if (layout.zero != 1 || !layout.fsdp.empty())
    reading.fail("layout.optimizer_instances", "'optimizer_instances' needs zero 1, the distributed optimizer");
  if (reading.written("layout.shard_group"))
    reading.fail("layout.shard_group", "'shard_group' beside 'optimizer_instances': they say the same thing; keep one");
}

void check_zeropp(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (!layout.zeropp.any()) return;
  if (layout.zero != 3) reading.fail("layout.zeropp", "'zeropp' needs zero 3, but zero is " + text(layout.zero));
  if (reading.written("layout.shard_group"))
    reading.fail("layout.zeropp", "'zeropp' beside 'shard_group': its hierarchy is that of nodes");
}

void check_offload(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (layout.offload.activations == Place::nvme)
    reading.fail("layout.offload", "activations go to cpu or nowhere, not to nvme");
  if (layout.offload.parameters == Place::gpu || sharding(layout).parameters) return;
  // What comes from the host is what products read, or what casts are made of.
  const TrainingSpec& training = reading.scenario.training;
  const auto single = [](Precision p) { return p == Precision::fp32 || p == Precision::tf32; };
  const Precision kept = training.parameters.value_or(Precision::bf16);
  if (training.parameters && (kept >= Precision::fp8 || single(kept) != single(training.precision)))
    reading.not_yet(
        reading.at("layout.offload"),
        "offloading whole parameters (without zero 3 or fsdp) that training.precision keeps in other than " +
            std::string(single(training.precision) ? "32" : "16") + " bits");
}

}  // namespace

void check_sharding(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (reading.written("layout.zero") && reading.written("layout.fsdp")) {
    const Where& zero = reading.at("layout.zero");
    reading.fail("layout.fsdp", "'fsdp' beside 'zero' (" + zero.file +
                                    (zero.line > 0 ? ":" + text(zero.line) + ":" + text(zero.column) : "") +
                                    "): they say the same thing in two ways; keep one");
  }
  if (reading.written("layout.reshard_after_forward") && layout.fsdp.empty())
    reading.fail("layout.reshard_after_forward", "'reshard_after_forward' belongs to 'fsdp'");
  if (reading.written("layout.reshard_after_forward") && layout.fsdp == "no_shard")
    reading.fail("layout.reshard_after_forward", "'reshard_after_forward' under fsdp no_shard: nothing is gathered");
  if (!reading.knows({"layout.dp", "layout.cp"})) return;
  const std::int64_t replicas = std::int64_t{layout.dp} * layout.cp;
  check_optimizer_instances(reading, replicas);
  check_zeropp(reading);
  check_offload(reading);
  if (layout.shard_group == 0) return;
  if (replicas % layout.shard_group != 0)
    reading.fail("layout.shard_group",
                 "shard_group " + text(layout.shard_group) + " does not divide dp*cp = " + text(replicas));
  const std::int64_t ranks = std::int64_t{layout.shard_group} * layout.tp,
                     experts = std::int64_t{layout.etp} * layout.ep;
  if (reading.scenario.model.moe && ranks % experts != 0)
    reading.fail(first_written(reading, {"layout.shard_group", "layout.ep"}),
                 "etp*ep = " + text(experts) + " does not divide shard_group*tp = " + text(ranks) +
                     ": the ranks that hold one copy of dense parameters between them hold all experts too");
  if (layout.zero == 0 && layout.fsdp.empty())
    reading.fail("layout.shard_group", "'shard_group' without 'zero' or 'fsdp': nothing is sharded");
  if (layout.fsdp == "no_shard")
    reading.fail("layout.shard_group", "'shard_group' under fsdp no_shard: nothing is sharded");
}

}  // namespace orrery::models
