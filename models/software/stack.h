#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/duration.h"

namespace orrery::models {

// A software stack's habits, from scenarios/software/<name>.yaml: what it fuses,
// what it overlaps, what it waits for. Defaults for scenario keys (overlap,
// schedule, precision…) stand in the same file under `defaults` and are applied
// by the scenario reader; what is here has no scenario key.
struct Stack {
  std::string name;
  std::string inherits;    // the nearest stack that is worked out, when this one is not
  bool worked_out = true;  // false: the result warns that habits are inherited

  // Kernels.
  bool fused_bias_activation = true;   // bias + activation in one kernel
  bool fused_bias_dropout_add = true;  // bias + dropout + residual in one kernel
  bool fused_softmax = true;           // scale + mask + softmax in one kernel (unfused attention only)
  bool fused_rope = true;
  bool whole_qkv = false;  // queries are rotated in place and stay a part of all of qkv; keys and values are copies
  bool fused_norm = true;
  bool fused_cross_entropy = true;  // one pass over the logits; they stay in 16 bits
  bool chunked_loss = false;  // output layer and loss chunk by chunk of tokens (Liger), where the vocabulary is whole
  bool fused_wgrad_accumulation = true;  // weight gradient added to the fp32 main gradient by the GEMM
  bool gradient_casts = false;   // 16-bit gradients are cast before they are added to fp32 sums, in a kernel of its own
  bool whole_gradients = false;  // 16-bit gradients of all of a micro-batch stand before they are added to fp32 sums
  bool dummy_weight_gradients = false;  // Transformer Engine keeps 16-bit gradients that nobody reads beside fused ones
  bool fp32_logits = false;             // logits are kept in fp32 too although the loss is fused
  int logit_copies = 0;  // fp32 tensors as large as the logits that an unfused loss makes beside its first
  // Of those that its backward makes beside what was kept, in the loss's own width; 0: all is done in place. Then the
  // 16-bit logits of an unfused loss are gone by that time.
  int logit_gradient_copies = 0;
  int split_logit_copies = 0;                // more of both where the vocabulary is split over tp
  bool experts_launched_one_by_one = false;  // a grouped product is one launch an expert (several cuBLAS streams)
  bool weighs_expert_outputs =
      false;                  // router weights are applied where copies are summed, not before fc2: outputs stay
  bool fp8_dispatch = false;  // with 8-bit linear layers, tokens travel to experts (and gradients that way) in 8 bits
  bool fp8_activation_inputs = false;  // with 8-bit linear layers, an MLP's activation keeps its input in 8 bits
  int exchange_sms = 0;  // SMs set aside for exchanges between experts where they run under compute; 0: NCCL's own
  // Against the GPU's fitted curves: its libraries' generation, and what its measured steps take beyond the sum of
  // their kernels, where nobody could say why.
  struct Slowdown {
    double gemm = 1, attention = 1, memory_bound = 1;
    bool operator==(const Slowdown&) const = default;
  };
  Slowdown slowdown;
  std::string attention_kernel;  // "flash-2"…: what the GPU file's `attention.kernel_slowdown` tells of it; empty: 1

  // Host.
  Duration launch;                 // host time to issue one kernel
  Duration host_sync;              // host and device meet (.item(), logging)
  bool cuda_graphs = false;        // launches cost nothing on the host
  bool blocking_launches = false;  // CUDA_LAUNCH_BLOCKING=1: the host waits for each kernel before it issues the next
  bool pipeline_sync = false;      // host waits for each pipeline receive before it issues more
  Duration step_overhead;          // data loading, logging, scheduler: host work once a step that nothing hides

  // Tensor parallelism.
  bool async_tp_dgrad = true;  // gradient all-reduce / reduce-scatter runs under the weight gradient
  bool regather_inputs =
      true;                // column-parallel inputs gathered again for the weight gradient (with sequence parallelism)
  int gather_buffers = 0;  // that stay, as large as a gathered input, and take what is gathered; 0: new tensors
  // Before a collective of a layer's tensor-parallel group, for each rank of the group, beyond what NCCL takes.
  Duration collective_delay;

  // Pipeline.
  bool stages_by_cost = false;     // layers are dealt to stages by what they multiply (models/layout/stage_costs.h)
  bool scatter_gather = false;     // each TP rank sends 1/t, the receiver gathers over NVLink
  bool deallocate_outputs = true;  // a stage's output is freed once it is sent

  // Data parallelism and the optimizer step.
  bool loss_average_per_micro_batch = false;  // else once a step
  bool clip_gradients = true;                 // global norm: scalar all-reduce and host sync
  bool check_overflow = true;                 // fp16 only
  bool optimizer_fused = true;                // multi-tensor kernel: bytes moved once
  bool reduce_in_fp32 = true;                 // else in the gradients' accumulation type
  bool fills_buckets = false;                 // whole gradients too are copied into a buffer of a bucket to be reduced
  // Whole gradients are copied to buckets in the parameters' type, which stay (DistributedDataParallel without views).
  bool gradient_bucket_copies = false;
  // ZeRO 1 all-reduces all gradients behind the backward, in place of a reduce-scatter that overlaps with it.
  bool all_reduces_split_gradients = false;
  int gather_copies = 0;  // of all parameters, that ZeRO 1 gathers them through
  bool shards_each_parameter =
      true;  // FSDP2, DeepSpeed: units are copied out of and into buffers; false: FSDP1's flat units

  // Memory outside the tensors.
  Bytes runtime;  // context, kernels, NCCL buffers of the usual communicators
  // Tensors of the training states. one: a tensor a kind, from the beginning (DeepSpeed's flat partitions). each: one
  // a parameter; moments come with the first update (PyTorch, FSDP2). buffers: as each, but weights move to one buffer
  // when the optimizer is split, gradients are in one, and shards are cut across weights (Megatron-LM).
  enum class StateTensors : std::uint8_t { one, each, buffers };
  StateTensors state_tensors = StateTensors::one;
  bool expandable_segments =
      false;  // PYTORCH_CUDA_ALLOC_CONF: segments grow page by page in place of many of fixed size

  bool operator==(const Stack&) const = default;
};

}  // namespace orrery::models
