// Execution traces of MLCommons Chakra: who computes what and exchanges what with whom, on each
// rank. A scenario's model is then the table of what is computed, and its layout what the
// exchanges tell (docs/import.md).
#include <algorithm>

#include "interop/import/chakra/plain.h"
#include "interop/import/chakra/read/read.h"
#include "interop/import/chakra/remarks.h"
#include "interop/import/chakra/table.h"
#include "interop/import/formats.h"

namespace orrery::interop::chakra {
namespace {

Result<World> world_of_traces(const std::vector<ForeignText>& texts, const ImportOptions& options) {
  constexpr std::size_t kMostNodes = 2u << 20;
  std::vector<RankTrace> traces;
  std::size_t nodes = 0;
  Errors errors;
  for (const ForeignText& text : texts) {
    Result<RankTrace> trace = read_trace(text);
    if (!trace) {
      errors.insert(errors.end(), trace.errors().begin(), trace.errors().end());
      if (errors.size() >= 20) break;
      continue;
    }
    nodes += trace->nodes.size();
    if (nodes > kMostNodes) return Error{{text.file, 0, 0}, "with this file there are more than 2 million nodes"};
    traces.push_back(std::move(*trace));
  }
  if (!errors.empty()) return errors;
  return join(std::move(traces), options.gpus);
}

bool works(const RankTrace& trace) {
  return std::any_of(trace.nodes.begin(), trace.nodes.end(), [](const TraceNode& node) { return node.works(); });
}

bool talks(const RankTrace& trace) {
  return std::any_of(trace.nodes.begin(), trace.nodes.end(),
                     [](const TraceNode& node) { return node.kind == Kind::collective; });
}

// "mlp" of "traces/mlp.0.et".
std::string job_name(const std::string& file) {
  if (rank_of(file) < 0) return "";
  const std::string name = file.substr(file.find_last_of('/') + 1);
  return name.substr(0, name.find_last_of('.', name.size() - 4));
}

// What a sample, a parameter and an operation of the table are, as its comments.
std::string head_of(const Job& job, const Rate& rate) {
  const bool timed = sum_of(job, &Layer::microseconds) > 0, counted = sum_of(job, &Layer::operations) > 0;
  std::string head = "# Layers of an execution trace. A sample is all that a rank computes in one micro-batch.\n";
  if (counted) head += "# forward_flops: num_ops of the trace, as they stand.\n";
  if (timed) head += "# assumed: forward_flops = duration_micros at " + rate.said + ".\n";
  head += has_gradients(job.layers) ? "# assumed: parameters = bytes of gradients / 4 (fp32).\n"
                                    : "# assumed: parameters of a square product: the trace reduces no gradients.\n";
  head +=
      "# assumed: activation_bytes = tensor_size without the parameters; output_bytes: half of it, or what is sent "
      "on.\n";
  if (job.split.tp > 1)
    head += "# input, output: as " + std::to_string(job.split.tp) +
            " ranks exchange activations in the forward pass; then output_bytes are those of the exchange.\n";
  return head;
}

void set_model(const Job& job, const Rate& rate, const ImportOptions& options, Draft& draft) {
  Scale scale;
  scale.per_microsecond = rate.per_microsecond;
  scale.ranks = job.split.tp;
  scale.head = head_of(job, rate);
  draft.set_table(table_of(job.layers, job.pipeline.handed, scale));
  draft.set("model.layer_table", yaml_text(options.table.empty() ? "layers.csv" : options.table));
  if (sum_of(job, &Layer::microseconds) > 0)
    draft.unresolved("times, not operations, are in the trace: forward_flops follow from them at " + rate.said);
  const bool replicas = job.world.size > job.split.tp * static_cast<std::int64_t>(job.pipeline.stages.size());
  if (!has_gradients(job.layers))
    draft.unresolved(std::string("no gradients are reduced, so parameters of the layers are assumed") +
                     (replicas ? "; the simulation reduces theirs, which the trace does not" : ""));
  draft.set("training.sequence_length", 1);
  draft.assume("training.micro_batch", 1, "a sample is all that a rank computes in one micro-batch");
  draft.assume("training.gradients", "fp32", "parameters are the bytes of gradients / 4");
  draft.assume("software", "ideal", "the trace holds neither launches nor what a framework adds");
  if (job.pipeline.stages.size() < 2) return;
  std::string rows;
  for (const Layers& stage : job.layers) rows += (rows.empty() ? "" : ", ") + std::to_string(stage.rows.size());
  draft.set("pipeline.stage_layers", "[" + rows + "]");
}

void set_layout(const Job& job, const ImportOptions& options, Draft& draft) {
  const Split& split = job.split;
  draft.set("layout.tp", split.tp);
  draft.set("layout.pp", static_cast<std::int64_t>(job.pipeline.stages.size()));
  if (split.dp > 0 && (options.gpus == 0 || options.gpus == job.world.size)) draft.set("layout.dp", split.dp);
  if (!job.order.empty()) draft.set("layout.order", job.order);
  if (split.zero > 0) draft.assume("layout.zero", split.zero, split.zero_why);
  for (const std::string& remark : split.remarks) draft.unresolved(remark);
}

void set_batch(const Job& job, const ImportOptions& options, Draft& draft) {
  std::int64_t micro_batches = 1, steps = 1;
  for (const RankStep& step : job.steps) {
    micro_batches = std::max(micro_batches, step.micro_batches);
    steps = std::max(steps, step.steps);
  }
  if (steps > 1) draft.unresolved("the trace holds " + std::to_string(steps) + " steps: the first is taken");
  if (micro_batches == 1 || job.split.dp == 0) return;
  const std::int64_t replica = job.split.tp * static_cast<std::int64_t>(job.pipeline.stages.size());
  const std::int64_t gpus = options.gpus > 0 ? options.gpus : job.world.size;
  draft.set("training.global_batch", micro_batches * std::max<std::int64_t>(1, gpus / replica));
}

Result<Imported> scenario_of(const std::vector<ForeignText>& texts, const ImportOptions& options,
                             const SearchPath& presets) {
  Result<World> world = world_of_traces(texts, options);
  if (!world) return world.errors();
  if (!works(world->ranks[0])) return without_compute(*world, options);
  if (world->ranks.size() == 1 && options.gpus == 0 && talks(world->ranks[0]))
    return Error{{texts[0].file, 0, 0},
                 "is the trace of one rank, which has collectives with others: name their files too, or give --gpus N "
                 "where it stands for all of N ranks"};
  const std::string cluster = options.cluster.empty() ? "dgx-h100" : options.cluster;
  const Result<Rate> rate = rate_of(cluster, presets);
  if (!rate) return rate.errors();

  const Job job = job_of(std::move(*world));
  const bool empty = std::any_of(job.layers.begin(), job.layers.end(), [](const Layers& l) { return l.rows.empty(); });
  if (empty && options.model.empty())
    return Error{{texts[0].file, 0, 0}, "a stage of the pipeline has no compute of the forward pass"};
  Imported imported;
  imported.gpus = job.world.size;
  Draft& draft = imported.draft;
  if (const std::string name = job_name(texts[0].file); !name.empty()) draft.set("name", yaml_text(name));
  set_layout(job, options, draft);
  if (options.model.empty()) {
    tell_backward(job, *rate, draft);
    tell_left_out(job, draft);
    set_model(job, *rate, options, draft);
    set_batch(job, options, draft);
  }
  if (options.cluster.empty()) draft.assume("cluster.preset", cluster, "the trace names no hardware");
  draft.assume("training.precision", "bf16", "the trace does not say");
  return imported;
}

}  // namespace
}  // namespace orrery::interop::chakra

namespace orrery::interop {

Result<Imported> import_chakra(const std::vector<ForeignText>& texts, const ImportOptions& options,
                               const SearchPath& presets) {
  return chakra::scenario_of(texts, options, presets);
}

}  // namespace orrery::interop
