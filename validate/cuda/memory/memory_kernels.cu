#include "validate/cuda/kernels/delay.h"
#include "validate/cuda/kernels/rows.h"
#include "validate/cuda/kernels/streaming.h"
#include "validate/cuda/launch.h"

namespace orrery::validate::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksAnSm = 8;  // of 256 threads: a full SM

struct Grid {
  std::int64_t units;
  int sms;

  // Enough to fill the GPU, no more than there is to do.
  unsigned threads_for_units() const { return at_most((units + kThreads - 1) / kThreads); }
  unsigned blocks_for_rows() const { return at_most(units); }
  unsigned at_most(std::int64_t wanted) const {
    const std::int64_t most = std::int64_t{sms} * kBlocksAnSm;
    return static_cast<unsigned>(wanted < most ? wanted : most);
  }
};

struct Launch {
  const Operands& operands;
  Grid grid;
  cudaStream_t stream;

  template <class Operator>
  void elementwise() const {
    stream_through<Operator><<<grid.threads_for_units(), kThreads, 0, stream>>>(operands, count());
  }
  void rows(void (*kernel)(Operands, std::uint64_t)) const {
    kernel<<<grid.blocks_for_rows(), kRowThreads, kShared, stream>>>(operands, count());
  }
  std::uint64_t count() const { return static_cast<std::uint64_t>(grid.units); }

  static constexpr std::size_t kShared = 32 * sizeof(float);  // of over_block(): a float a warp
};

}  // namespace

cudaError_t launch_memory_kernel(MemoryKernel kernel, const Operands& operands, std::int64_t units,
                                 const float* rope_table, int sms, cudaStream_t stream) {
  const Launch launch{operands, {units, sms}, stream};
  switch (kernel) {
    case MemoryKernel::copy:
      launch.elementwise<Copy>();
      break;
    case MemoryKernel::residual_add:
      launch.elementwise<Add>();
      break;
    case MemoryKernel::gated_activation:
      launch.elementwise<GatedActivation>();
      break;
    case MemoryKernel::gelu:
      launch.elementwise<Gelu>();
      break;
    case MemoryKernel::rope:
      rope<<<launch.grid.threads_for_units(), kThreads, 0, stream>>>(operands, rope_table, launch.count());
      break;
    case MemoryKernel::rmsnorm:
      launch.rows(norm_rows<false>);
      break;
    case MemoryKernel::rmsnorm_backward:
      launch.rows(norm_rows_backward<false>);
      break;
    case MemoryKernel::layernorm:
      launch.rows(norm_rows<true>);
      break;
    case MemoryKernel::layernorm_backward:
      launch.rows(norm_rows_backward<true>);
      break;
    case MemoryKernel::softmax:
      launch.rows(softmax_rows);
      break;
    case MemoryKernel::cross_entropy:
      launch.rows(cross_entropy_rows);
      break;
    case MemoryKernel::bias_gradient: {
      const unsigned slices = kRowUnits / kRowThreads;
      // Few blocks, for each adds its sums to the others' atomically.
      const dim3 grid((launch.grid.blocks_for_rows() / 2 + slices - 1) / slices, slices);
      sum_columns<<<grid, kRowThreads, 0, stream>>>(operands, launch.count());
      break;
    }
    case MemoryKernel::embedding:
    case MemoryKernel::permute:
      launch.rows(gather_rows);
      break;
    case MemoryKernel::adam:
      launch.elementwise<Adam>();
      break;
    case MemoryKernel::dropout:
      launch.elementwise<Dropout>();
      break;
    case MemoryKernel::bias_dropout_add:
      launch.elementwise<BiasDropoutAdd>();
      break;
    case MemoryKernel::cast:
      launch.elementwise<Cast>();
      break;
    case MemoryKernel::zero: {  // eight elements are two vectors
      const Grid grid{2 * units, sms};
      zero_vectors<<<grid.threads_for_units(), kThreads, 0, stream>>>(operands, 2 * launch.count());
      break;
    }
    case MemoryKernel::axpy:
      launch.elementwise<Axpy>();
      break;
    case MemoryKernel::scale:
      launch.elementwise<Scale>();
      break;
    case MemoryKernel::norm:
      sum_squares<<<launch.grid.threads_for_units(), kThreads, Launch::kShared, stream>>>(operands, launch.count());
      break;
  }
  return cudaPeekAtLastError();
}

namespace {

template <class Kernel>
cudaError_t launch_between(Kernel kernel, void* to, const void* from, std::uint64_t bytes, int sms,
                           cudaStream_t stream) {
  const std::uint64_t vectors = (bytes + sizeof(Vector) - 1) / sizeof(Vector);
  const Grid grid{static_cast<std::int64_t>(vectors), sms};
  kernel<<<grid.threads_for_units(), kThreads, 0, stream>>>(static_cast<Vector*>(to), static_cast<const Vector*>(from),
                                                            vectors);
  return cudaPeekAtLastError();
}

}  // namespace

cudaError_t launch_copy(void* to, const void* from, std::uint64_t bytes, int sms, cudaStream_t stream) {
  return launch_between(copy_into, to, from, bytes, sms, stream);
}

cudaError_t launch_add(void* to, const void* from, std::uint64_t bytes, int sms, cudaStream_t stream) {
  return launch_between(add_into, to, from, bytes, sms, stream);
}

cudaError_t launch_delay(std::uint64_t ns, cudaStream_t stream) {
  delay<<<1, 1, 0, stream>>>(ns);
  return cudaPeekAtLastError();
}

cudaError_t launch_mark(std::uint64_t* slot, cudaStream_t stream) {
  mark_time<<<1, 1, 0, stream>>>(slot);
  return cudaPeekAtLastError();
}

cudaError_t launch_hold(const std::uint64_t* slot, std::uint64_t ns, cudaStream_t stream) {
  hold_until<<<1, 1, 0, stream>>>(slot, ns);
  return cudaPeekAtLastError();
}

}  // namespace orrery::validate::cuda
