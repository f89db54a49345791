#include "validate/cuda/attention.h"

namespace orrery::validate::cuda {
namespace {

constexpr int kWarps = 8;
constexpr int kRows = kWarps * 16;

unsigned tiles(int rows) {
  return static_cast<unsigned>((rows + kRows - 1) / kRows);
}

// More shared memory than 48 KiB has to be asked for, once a kernel.
template <class Kernel>
cudaError_t launch(Kernel kernel, dim3 grid, int shared, const AttentionTensors& tensors, cudaStream_t stream) {
  const cudaError_t status =
      cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, shared);
  if (status != cudaSuccess) return status;
  kernel<<<grid, kWarps * 32, static_cast<std::size_t>(shared), stream>>>(tensors);
  return cudaPeekAtLastError();
}

template <int kDim, int kValueDim>
cudaError_t forward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  return launch(attention_forward<kDim, kValueDim, kWarps>,
                dim3(tiles(t.queries), static_cast<unsigned>(batch * t.heads)),
                forward_shared_bytes<kDim, kValueDim, kWarps>(), t, stream);
}

// `kInner`: rows that go by at once; fewer for wide heads, for registers' sake.
template <int kDim, int kValueDim, int kInner>
cudaError_t backward(const AttentionTensors& t, int batch, cudaStream_t stream) {
  const auto heads = static_cast<unsigned>(batch * t.heads), kv_heads = static_cast<unsigned>(batch * t.kv_heads);
  const dim3 rows(static_cast<unsigned>((t.queries + kWarps - 1) / kWarps), heads);
  attention_delta<kValueDim><<<rows, kWarps * 32, 0, stream>>>(t);
  if (const cudaError_t status = cudaPeekAtLastError(); status != cudaSuccess) return status;
  const cudaError_t status =
      launch(attention_query_gradient<kDim, kValueDim, kWarps, kInner>, dim3(tiles(t.queries), heads),
             query_gradient_shared_bytes<kDim, kValueDim, kWarps, kInner>(), t, stream);
  if (status != cudaSuccess) return status;
  return launch(attention_key_gradient<kDim, kValueDim, kWarps, kInner>, dim3(tiles(t.keys), kv_heads),
                key_gradient_shared_bytes<kDim, kValueDim, kWarps, kInner>(), t, stream);
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
  if (dim == 64 && value_dim == 64) return backward<64, 64, 64>(t, batch, stream);
  if (dim == 128 && value_dim == 128) return backward<128, 128, 64>(t, batch, stream);
  if (dim == 192 && value_dim == 128) return backward<192, 128, 32>(t, batch, stream);
  return cudaErrorInvalidValue;
}

}  // namespace orrery::validate::cuda
