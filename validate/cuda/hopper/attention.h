#pragma once

#include "validate/cuda/attention/attention.h"

namespace orrery::validate::cuda {

// Attention by products of warpgroups (wgmma), for compute capability 9.0 alone: heads of
// 64 and of 128.
cudaError_t hopper_forward_64(const AttentionTensors& tensors, int batch, cudaStream_t stream);
cudaError_t hopper_forward_128(const AttentionTensors& tensors, int batch, cudaStream_t stream);
cudaError_t hopper_backward_64(const AttentionTensors& tensors, int batch, cudaStream_t stream);
cudaError_t hopper_backward_128(const AttentionTensors& tensors, int batch, cudaStream_t stream);

}  // namespace orrery::validate::cuda
