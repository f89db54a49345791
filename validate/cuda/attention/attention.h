#pragma once

#include "models/compute/kernel.h"
#include "validate/cuda/kernels/attention.h"
#include "validate/cuda/memory/arena.h"

namespace orrery::validate::cuda {

// Our own attention for heads of 64, 128, and 192 keys with 128 values; what lies
// between runs at the next of them. Backward is three kernels: delta, dQ, dK with dV; where heads of
// keys are few, the last makes sums of parts, and two more kernels the sums of those.
cudaError_t launch_attention_forward(const AttentionTensors& tensors, int dim, int value_dim, int batch,
                                     cudaStream_t stream);
cudaError_t launch_attention_backward(const AttentionTensors& tensors, int dim, int value_dim, int batch,
                                      cudaStream_t stream);

class Attention {
 public:
  Attention(Faults& faults, Arena& arena) : faults_(faults), arena_(arena) {}

  // Room in the arena for the operands of `shape`. `sms`: that its kernels may use.
  bool reserve(const models::AttentionShape& shape, int sms);
  void run(const models::AttentionShape& shape, int sms, cudaStream_t stream);

 private:
  Faults& faults_;
  Arena& arena_;
};

}  // namespace orrery::validate::cuda
