#include "validate/cuda/attention/attention_launch.h"
#include "validate/cuda/hopper/attention.h"

namespace orrery::validate::cuda {
namespace {

// The fastest of some twenty cuts on an H100.
template <int kDim>
struct PlanOf;
template <>
struct PlanOf<64> : Plan<Cut<4, 2, 64>, 2, Cut<4, 2, 32>, 3, Cut<4, 2, 32>, 2> {};
template <>
struct PlanOf<128> : Plan<Cut<4, 2, 64>, 2, Cut<4, 2, 32>, 2, Cut<4, 1, 64>, 2> {};
template <>
struct PlanOf<192> : Plan<Cut<4, 2, 32>, 2, Cut<4, 1, 32>, 2, Cut<4, 1, 32>, 2> {};

// Kernels with instructions of sm_90a run there and nowhere else.
bool on_hopper() {
  int gpu = 0, major = 0, minor = 0;
  cudaGetDevice(&gpu);
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, gpu);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, gpu);
  return major == 9 && minor == 0;
}

}  // namespace

cudaError_t launch_attention_forward(const AttentionTensors& t, int dim, int value_dim, int batch,
                                     cudaStream_t stream) {
  if (dim == 64 && value_dim == 64)
    return on_hopper() ? hopper_forward_64(t, batch, stream) : forward<64, 64, PlanOf<64>>(t, batch, stream);
  if (dim == 128 && value_dim == 128)
    return on_hopper() ? hopper_forward_128(t, batch, stream) : forward<128, 128, PlanOf<128>>(t, batch, stream);
  if (dim == 192 && value_dim == 128) return forward<192, 128, PlanOf<192>>(t, batch, stream);
  return cudaErrorInvalidValue;
}

cudaError_t launch_attention_backward(const AttentionTensors& t, int dim, int value_dim, int batch,
                                      cudaStream_t stream) {
  if (dim == 64 && value_dim == 64)
    return on_hopper() ? hopper_backward_64(t, batch, stream) : backward<64, 64, PlanOf<64>>(t, batch, stream);
  if (dim == 128 && value_dim == 128)
    return on_hopper() ? hopper_backward_128(t, batch, stream) : backward<128, 128, PlanOf<128>>(t, batch, stream);
  if (dim == 192 && value_dim == 128) return backward<192, 128, PlanOf<192>>(t, batch, stream);
  return cudaErrorInvalidValue;
}

}  // namespace orrery::validate::cuda
