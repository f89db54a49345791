#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/software/stack.h"
#include "sim/base/amount.h"
#include "sim/base/result.h"
#include "topology/hardware.h"

namespace orrery::models {

struct CollectiveFacts;  // models/collectives/facts.h

// The scenario as read, defaulted and cross-checked: what a person asked for, in
// types. Names follow the contract's keys (docs/scenario.md).

enum class Activation { swiglu, geglu, gelu, relu, relu2 };
enum class Norm { rmsnorm, layernorm };
enum class Positions { rope, learned, alibi, none };

struct MlaSpec {
  int q_lora = 0, kv_lora = 0, rope_dim = 0, nope_dim = 0, v_dim = 0;
  bool operator==(const MlaSpec&) const = default;
};

struct MoeSpec {
  int experts = 0, top_k = 0, ffn = 0, shared_experts = 0, dense_layers = 0, every = 1;
  double capacity_factor = 0;              // 0: none (dropless)
  std::string routing = "balanced";        // balanced, zipf, power-law, or file for loads read from one
  std::vector<std::vector<double>> loads;  // file: of every expert, by layer with experts (one: the same in all)
  double skew = 0;
  int node_limit = 0;
  bool deduplicate = false;
  bool operator==(const MoeSpec&) const = default;

  // Every rank of an expert-parallel group gets as much as the next.
  bool even() const { return routing == "balanced" || (routing == "zipf" && skew == 0) || capacity_factor > 0; }
};

// Of a layer whose work is split over tensor-parallel ranks: what each reads of the layer before, all or its own
// part; and what it makes: its own part of the output, a part of every sum, which is summed over ranks and whole
// (`sum`) or cut (`scatter`) behind, or, with all of the work, the whole.
enum class TableInput : std::uint8_t { whole, own };
enum class TableOutput : std::uint8_t { own, sum, scatter, whole };

// One row of a layer table. All but the parameters are for one sample: operations of the forward pass, bytes that
// stay for the backward pass, bytes handed to the next layer.
struct TableLayer {
  std::string name;
  double forward_flops = 0;
  std::int64_t parameters = 0;
  Bytes activations, output;
  TableInput reads = TableInput::whole;
  int groups = 0;  // of inputs and outputs that are connected (a grouped convolution), which tp divides; 0: any
  TableOutput makes = TableOutput::own;
  bool operator==(const TableLayer&) const = default;

  bool is_split() const { return makes != TableOutput::whole; }
  bool is_summed() const { return makes == TableOutput::sum || makes == TableOutput::scatter; }
  // Whether a rank hands on a part of the output; and how much it hands on.
  bool hands_part() const { return makes == TableOutput::own || makes == TableOutput::scatter; }
  Bytes handed(int tp) const { return hands_part() ? Bytes{output.n / tp} : output; }
  // Of what is kept, the output is kept as it is handed on.
  Bytes kept(int tp) const {
    const std::int64_t as_handed = hands_part() ? 0 : is_split() ? std::min(output.n, activations.n) : activations.n;
    return {as_handed + (activations.n - as_handed) / tp};
  }
  std::int64_t parameters_on(int tp) const { return is_split() ? parameters / tp : parameters; }
};

struct ModelSpec {
  std::string name;
  int layers = 0, hidden = 0, ffn = 0, heads = 0, kv_heads = 0, head_dim = 0, vocab = 0;
  Activation activation = Activation::gelu;
  Norm norm = Norm::layernorm;
  Positions positions = Positions::learned;
  bool tied_embeddings = true;
  bool bias = true;       // of the linear layers
  bool qkv_bias = false;  // Qwen2 and the like: on the query, key and value projections alone
  bool qk_norm = false;
  int window = 0;  // 0: full attention
  std::optional<MlaSpec> mla;
  std::optional<MoeSpec> moe;
  int mtp_layers = 0;
  // Any other network, layer by layer: then what speaks of transformers above is not used, and there is neither
  // an embedding nor a head beside the table.
  std::vector<TableLayer> table;
  bool operator==(const ModelSpec&) const = default;

  bool gated() const { return activation == Activation::swiglu || activation == Activation::geglu; }
};

enum class Precision { fp32, tf32, fp16, bf16, fp8, fp8_current, fp8_blockwise, mxfp8, nvfp4 };
enum class Optimizer { adam, adam_8bit, adam_bf16, sgd, momentum, adafactor, muon, custom };
enum class GradientType { fp32, bf16 };
enum class AttentionKind { flash, unfused };

struct Recompute {
  enum class Kind { none, selective, selective_op, full, full_layers, every, modules } kind = Kind::none;
  int n = 0;                         // full_layers (per pipeline rank), every
  std::vector<std::string> modules;  // attention, mlp, norm, moe, mla_up_proj, moe_act
  bool operator==(const Recompute&) const = default;
};

struct TrainingSpec {
  std::int64_t sequence_length = 0, global_batch = 0, micro_batch = 1;
  Precision precision = Precision::bf16;
  std::optional<Precision> parameters;  // what multiplied weights are kept in; none: as `precision` asks for
  std::optional<Precision> gather;      // what they are gathered in over replicas; none: as they are kept
  Optimizer optimizer = Optimizer::adam;
  double optimizer_bytes_per_parameter = 0;  // custom only
  GradientType gradients = GradientType::fp32;
  Recompute recompute;
  AttentionKind attention = AttentionKind::flash;
  double dropout = 0;
  double document_mean = 0, document_spread = 0;  // tokens, mean and standard deviation; 0: one document a sequence
  bool operator==(const TrainingSpec&) const = default;

  // Length of documents as a token sees it: a token of a long one sits among many.
  // Equal documents of this length have as many pairs as those of the given mean and spread.
  double mean_attended() const {
    if (document_mean <= 0) return static_cast<double>(sequence_length);
    return document_mean + document_spread * document_spread / document_mean;
  }
};

enum class Axis { tp, cp, ep, dp, pp };

// Where a state rests while nobody works with it.
enum class Place { gpu, cpu, nvme };

struct OffloadSpec {
  Place optimizer = Place::gpu, parameters = Place::gpu, activations = Place::gpu;

  bool operator==(const OffloadSpec&) const = default;
  bool any() const { return optimizer != Place::gpu || parameters != Place::gpu || activations != Place::gpu; }
};

struct ZeroPlusPlusSpec {
  bool quantized_weights = false, hierarchical = false, quantized_gradients = false;
  int node_group = 1;  // replicas inside a node, found by the reader

  bool operator==(const ZeroPlusPlusSpec&) const = default;
  bool any() const { return quantized_weights || hierarchical || quantized_gradients; }
};

// How tensor-parallel ranks stand: 1d, 2d, 2.5d, 3d (models/layout/tensor_grid.h).
enum class TensorDimensions { line, square, tesseract, cube };

// Layers `first` to `last` with a tensor-parallel degree of their own (models/layout/layer_degrees.h).
struct LayerRange {
  int first = 0, last = 0, tp = 1;
  bool operator==(const LayerRange&) const = default;
};

struct LayoutSpec {
  int tp = 1, cp = 1, pp = 1, dp = 1, ep = 1, etp = 1;
  bool sequence_parallel = false;
  TensorDimensions tp_dimensions = TensorDimensions::line;
  std::string cp_method = "ring_zigzag";
  int zero = 0;
  std::string fsdp;                           // empty: none
  int shard_group = 0;                        // 0: all of dp*cp
  std::optional<bool> reshard_after_forward;  // none: auto
  int optimizer_instances = 1;
  ZeroPlusPlusSpec zeropp;
  OffloadSpec offload;
  std::vector<Axis> order = {Axis::tp, Axis::cp, Axis::ep, Axis::dp, Axis::pp};  // fastest-changing first
  std::vector<LayerRange> by_layers;  // from the first on, apart; other layers have `tp`
  // Of every stage, among which micro-batches go round (pipeline.stage_replicas); empty: `dp` of each, else dp is 1.
  std::vector<int> stage_replicas;

  bool operator==(const LayoutSpec&) const = default;
  int gpus() const {
    const int stages = std::accumulate(stage_replicas.begin(), stage_replicas.end(), 0);
    return tp * cp * (stage_replicas.empty() ? pp * dp : stages);
  }
};

struct PipelineSpec {
  std::string schedule = "1f1b";   // none when pp is 1
  int virtual_stages = 1;          // v: model chunks a rank
  int group = 0;                   // N; 0: pp
  std::vector<int> stage_layers;   // pp*v entries, always filled by the reader
  int memory_limit_pipelines = 1;  // zb-auto: so many times pp micro-batches of a stage, unless
  Bytes memory_limit;              // is above 0
  bool optimizer_barrier = true;
  bool operator==(const PipelineSpec&) const = default;
};

struct OverlapSpec {
  bool gradients = true, parameters = true, tensor_parallel = false, expert_parallel = false, pipeline = true;
  std::int64_t bucket_size = 40'000'000;  // elements
  bool operator==(const OverlapSpec&) const = default;
};

enum class Network { analytic, flow, chunk };

struct Straggler {
  int rank = 0;
  double slowdown = 1;
};

struct SimulationSpec {
  Network network = Network::flow;
  bool fold = true;
  int steps = 0;  // 0: enough for a steady step
  double jitter_compute = 0;
  std::vector<Straggler> stragglers;
  std::uint64_t seed = 1;
};

struct PublishedValue {
  std::string metric, source, convention;
  double value = 0;
};

struct Scenario;

// Another job on the fabric, on nodes of its own.
struct JobSpec {
  std::shared_ptr<const Scenario> scenario;  // without jobs
  int first_node = 0;
  Where where;  // of first_node
};

struct Scenario {
  std::string file;
  std::string name;
  ModelSpec model;
  topology::ClusterSpec cluster;
  TrainingSpec training;
  LayoutSpec layout;
  PipelineSpec pipeline;
  OverlapSpec overlap;
  Stack software;
  SimulationSpec simulation;
  std::shared_ptr<const CollectiveFacts> collectives;  // of the cluster's GPUs; null only where reading failed
  std::string calibration;                             // file, or empty
  std::vector<JobSpec> jobs;                           // that it shares the fabric with
  std::vector<PublishedValue> published;

  std::vector<std::string> defaults_used;  // "layout.cp = 1": what nobody wrote
  std::vector<std::string> warnings;
  Errors not_supported_yet;             // keys of the contract whose mechanism is not built (unsupported_yet)
  std::map<std::string, Where> places;  // by key ("layout.tp"): where it was written, for messages

  // Where `key` was written, else its section, else the file.
  Where at(std::string_view key) const;

  // Sequences a replica works through in a step, in micro-batches.
  int micro_batches() const { return static_cast<int>(training.global_batch / (training.micro_batch * layout.dp)); }
};

}  // namespace orrery::models
