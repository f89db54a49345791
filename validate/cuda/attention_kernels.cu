#include "validate/cuda/attention.h"

namespace orrery::validate::cuda {
namespace {

unsigned tiles(int rows, int of) {
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

// How the work of heads of one size is cut, and how many blocks share an SM: the fastest
// of some twenty cuts on an H100.
template <class Forward_, int kForwardBlocks_, class Query_, int kQueryBlocks_, class Key_, int kKeyBlocks_>
struct Plan {
  using Forward = Forward_;
  using Query = Query_;
  using Key = Key_;
  static constexpr int kForwardBlocks = kForwardBlocks_, kQueryBlocks = kQueryBlocks_, kKeyBlocks = kKeyBlocks_;
};

template <int kDim>
struct PlanOf;
template <>
struct PlanOf<64> : Plan<Cut<4, 2, 64>, 2, Cut<4, 2, 32>, 3, Cut<4, 2, 32>, 2> {};
template <>
struct PlanOf<128> : Plan<Cut<4, 2, 64>, 2, Cut<4, 2, 32>, 2, Cut<4, 1, 64>, 2> {};
template <>
struct PlanOf<192> : Plan<Cut<4, 2, 32>, 2, Cut<4, 1, 32>, 2, Cut<4, 1, 32>, 2> {};

template <int kDim, int kValueDim>
cudaError_t forward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  using P = PlanOf<kDim>;
  using C = typename P::Forward;
  return launch<C>(attention_forward<kDim, kValueDim, C, P::kForwardBlocks>,
                   dim3(static_cast<unsigned>(batch * t.heads), tiles(t.queries, C::kRows)),
                   forward_shared_bytes<kDim, kValueDim, C>(), t, stream);
}

template <int kDim, int kValueDim>
cudaError_t backward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  using P = PlanOf<kDim>;
  const auto heads = static_cast<unsigned>(batch * t.heads), kv_heads = static_cast<unsigned>(batch * t.kv_heads);
  constexpr int kDeltaRows = 8;  // a warp each
  attention_delta<kValueDim><<<dim3(tiles(t.queries, kDeltaRows), heads), kDeltaRows * 32, 0, stream>>>(t);
  if (const cudaError_t status = cudaPeekAtLastError(); status != cudaSuccess) return status;
  using Q = typename P::Query;
  const cudaError_t status =
      launch<Q>(attention_query_gradient<kDim, kValueDim, Q, P::kQueryBlocks>, dim3(heads, tiles(t.queries, Q::kRows)),
                query_gradient_shared_bytes<kDim, kValueDim, Q>(), t, stream);
  if (status != cudaSuccess) return status;
  using K = typename P::Key;
  return launch<K>(attention_key_gradient<kDim, kValueDim, K, P::kKeyBlocks>, dim3(kv_heads, tiles(t.keys, K::kRows)),
                   key_gradient_shared_bytes<kDim, kValueDim, K>(), t, stream);
}

}  // namespace

cudaError_t launch_attention_forward(const AttentionTensors& t, int dim, int value_dim, int batch,
                                     cudaStream_t stream) {
  if (dim == 64 && value_dim == 64) return forward<64, 64>(t, batch, stream);
  if (dim == 128 && value_dim == 128) return forward<128, 128>(t, batch, stream);
  if (dim == 192 && value_dim == 128) return forward<192, 128>(t, batch, stream);
  return cudaErrorInvalidValue;
}

cudaError_t launch_attention_backward(const AttentionTensors& t, int dim, int value_dim, int batch,
                                      cudaStream_t stream) {
  if (dim == 64 && value_dim == 64) return backward<64, 64>(t, batch, stream);
  if (dim == 128 && value_dim == 128) return backward<128, 128>(t, batch, stream);
  if (dim == 192 && value_dim == 128) return backward<192, 128>(t, batch, stream);
  return cudaErrorInvalidValue;
}

}  // namespace orrery::validate::cuda
