#include "validate/cuda/attention/attention_launch.h"
#include "validate/cuda/hopper/attention.h"

namespace orrery::validate::cuda {
namespace {

template <int kWarps, int kInner>
using Groups = Cut<kWarps, 1, kInner, Warpgroups>;

// The fastest of some ten cuts on an H100 at 4,096 and 16,384 tokens.
using Heads64 = Plan<Groups<8, 64>, 2, Groups<8, 64>, 2, Groups<8, 64>, 1>;
using Heads128 = Plan<Groups<8, 64>, 2, Groups<8, 64>, 1, Groups<8, 64>, 1>;

}  // namespace

cudaError_t hopper_forward_64(const AttentionTensors& t, int batch, cudaStream_t stream) {
  return forward<64, 64, Heads64>(t, batch, stream);
}
cudaError_t hopper_forward_128(const AttentionTensors& t, int batch, cudaStream_t stream) {
  return forward<128, 128, Heads128>(t, batch, stream);
}
cudaError_t hopper_backward_64(const AttentionTensors& t, int batch, cudaStream_t stream) {
  return backward<64, 64, Heads64>(t, batch, stream);
}
cudaError_t hopper_backward_128(const AttentionTensors& t, int batch, cudaStream_t stream) {
  return backward<128, 128, Heads128>(t, batch, stream);
}

}  // namespace orrery::validate::cuda
