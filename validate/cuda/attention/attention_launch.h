#pragma once

// Launches of attention, whichever products its kernels are made of: a Plan says how the
// work of heads of one size is cut.

#include <cstddef>

#include "validate/cuda/attention/attention.h"

namespace orrery::validate::cuda {

inline unsigned tiles(int rows, int of) {
  return static_cast<unsigned>((rows + of - 1) / of);
}

// More shared memory than 48 KiB has to be asked for, once a kernel.
template <class Cut, class Kernel>
cudaError_t launch(Kernel kernel, dim3 grid, int shared, const AttentionTensors& tensors, cudaStream_t stream) {
  const cudaError_t status =
      cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, shared);
  if (status != cudaSuccess) return status;
  kernel<<<grid, Cut::kThreads, static_cast<std::size_t>(shared), stream>>>(tensors);
  return cudaPeekAtLastError();
}

// How the work of heads of one size is cut, and how many blocks share an SM.
template <class Forward_, int kForwardBlocks_, class Query_, int kQueryBlocks_, class Key_, int kKeyBlocks_>
struct Plan {
  using Forward = Forward_;
  using Query = Query_;
  using Key = Key_;
  static constexpr int kForwardBlocks = kForwardBlocks_, kQueryBlocks = kQueryBlocks_, kKeyBlocks = kKeyBlocks_;
};

template <int kDim, int kValueDim, class P>
cudaError_t forward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  using C = typename P::Forward;
  return launch<C>(attention_forward<kDim, kValueDim, C, P::kForwardBlocks>,
                   dim3(static_cast<unsigned>(batch * t.heads), tiles(t.queries, C::kRows)),
                   forward_shared_bytes<kDim, kValueDim, C>(), t, stream);
}

template <int kDim, int kValueDim, class P>
cudaError_t backward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  const auto heads = static_cast<unsigned>(batch * t.heads),
             kv_heads = static_cast<unsigned>(batch * t.kv_heads * t.parts);
  constexpr int kDeltaRows = 8;  // a warp each
  attention_delta<kValueDim><<<dim3(tiles(t.queries, kDeltaRows), heads), kDeltaRows * 32, 0, stream>>>(t);
  if (const cudaError_t status = cudaPeekAtLastError(); status != cudaSuccess) return status;
  using Q = typename P::Query;
  const cudaError_t status =
      launch<Q>(attention_query_gradient<kDim, kValueDim, Q, P::kQueryBlocks>, dim3(heads, tiles(t.queries, Q::kRows)),
                query_gradient_shared_bytes<kDim, kValueDim, Q>(), t, stream);
  if (status != cudaSuccess) return status;
  using K = typename P::Key;
  if (const cudaError_t made =
          launch<K>(attention_key_gradient<kDim, kValueDim, K, P::kKeyBlocks>, dim3(kv_heads, tiles(t.keys, K::kRows)),
                    key_gradient_shared_bytes<kDim, kValueDim, K>(), t, stream);
      made != cudaSuccess || t.parts == 1)
    return made;
  const long long rows = static_cast<long long>(batch) * t.keys * t.kv_heads;
  constexpr unsigned kThreads = 256;
  const auto sum = [&](Bf16* to, const Bf16* parts, int dim) {
    const long long pairs = rows * dim / 2;
    attention_sum_parts<<<static_cast<unsigned>((pairs + kThreads - 1) / kThreads), kThreads, 0, stream>>>(
        to, parts, t.parts, pairs);
    return cudaPeekAtLastError();
  };
  if (const cudaError_t summed = sum(t.dk, t.dk_parts, kDim); summed != cudaSuccess) return summed;
  return sum(t.dv, t.dv_parts, kValueDim);
}

}  // namespace orrery::validate::cuda
