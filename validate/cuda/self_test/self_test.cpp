#include "validate/self_test.h"

#include <algorithm>

#include "validate/cuda/device.h"
#include "validate/cuda/launch.h"
#include "validate/cuda/self_test/attention.h"
#include "validate/cuda/self_test/numbers.h"
#include "validate/plan/gemm_layout.h"

namespace orrery::validate {
namespace {

SelfTestLine check_gemm(cuda::CudaDevice& device, models::GemmRole role, bool accumulate) {
  models::GemmShape shape{1, 192, 256, 128};
  shape.role = role;
  shape.accumulate = accumulate;
  const GemmLayout l = gemm_layout(shape);
  cuda::Faults& faults = device.faults();
  Buffer<Bf16> a(faults, static_cast<std::size_t>(l.a.elements())), b(faults, static_cast<std::size_t>(l.b.elements()));
  Buffer<Bf16> narrow(faults, static_cast<std::size_t>(l.d.elements()));
  Buffer<float> wide(faults, static_cast<std::size_t>(l.d.elements()));
  fill(a, 1);
  fill(b, 2);
  for (std::size_t i = 0; i < wide.host.size(); ++i) wide.host[i] = static_cast<float>(i % 7);
  narrow.poison();
  wide.to_device();
  void* d = accumulate ? static_cast<void*>(wide.device) : static_cast<void*>(narrow.device);
  device.gemms().run(shape, a.device, b.device, d, d, nullptr);
  faults.ok(cudaDeviceSynchronize(), "a product");
  accumulate ? wide.to_host() : narrow.to_host();
  Difference difference;
  for (std::int64_t column = 0; column < l.n; ++column) {
    for (std::int64_t row = 0; row < l.m; ++row) {
      const auto at = static_cast<std::size_t>(column * l.d.rows + row);
      double sum = accumulate ? static_cast<double>(at % 7) : 0;
      for (std::int64_t k = 0; k < l.k; ++k) {
        const std::int64_t of_a = l.transpose_a ? row * l.a.rows + k : k * l.a.rows + row;
        const std::int64_t of_b = l.transpose_b ? k * l.b.rows + column : column * l.b.rows + k;
        sum += value_of(a.host[static_cast<std::size_t>(of_a)]) * value_of(b.host[static_cast<std::size_t>(of_b)]);
      }
      difference.add(sum, accumulate ? wide.host[at] : value_of(narrow.host[at]));
    }
  }
  static constexpr const char* kRoles[] = {"forward", "data gradient", "weight gradient"};
  return difference.line(
      std::string("bf16 product, ") + kRoles[static_cast<int>(role)] + (accumulate ? " into fp32" : ""), 0.02);
}

SelfTestLine check_sum(cuda::CudaDevice& device) {
  cuda::Faults& faults = device.faults();
  Buffer<Bf16> to(faults, 80'000), from(faults, 80'000);
  fill(to, 7);
  fill(from, 8);
  const std::vector<Bf16> before = to.host;
  faults.ok(cuda::launch_add(to.device, from.device, 2 * 80'000, device.sms(), nullptr), "a sum between ranks");
  faults.ok(cudaDeviceSynchronize(), "a sum between ranks");
  to.to_host();
  Difference difference;
  for (std::size_t i = 0; i < before.size(); ++i)
    difference.add(value_of(before[i]) + value_of(from.host[i]), value_of(to.host[i]));
  return difference.line("sum between ranks", 0.05);
}

// Through the device, as a run would: seconds of one launch, over a batch of them.
double seconds_of(cuda::CudaDevice& device, StreamHandle stream, const models::Kernel& kernel) {
  constexpr int kWarmUps = 5, kLaunches = 20;
  const auto launch = [&](int times) {
    for (int i = 0; i < times; ++i) device.kernel(stream, {&kernel, Duration()}, {});
  };
  launch(kWarmUps);
  const EventHandle start = device.record_timed(stream);
  launch(kLaunches);
  const EventHandle end = device.record_timed(stream);
  return device.synchronize().empty() ? device.between(start, end).seconds() / kLaunches : 0;
}

models::Kernel on_memory(MemoryKernel kernel, Bytes bytes) {
  return {models::MemoryBoundShape{std::string(family_of(kernel)), bytes}};
}

void tell_bandwidths(cuda::CudaDevice& device, StreamHandle stream, std::vector<SelfTestLine>& lines) {
  constexpr Bytes kBytes{std::int64_t{256} << 20};
  const double copy = seconds_of(device, stream, on_memory(MemoryKernel::copy, kBytes));
  for (int i = 0; i < kMemoryKernels && !device.failed(); ++i) {
    const auto kernel = static_cast<MemoryKernel>(i);
    const double took = seconds_of(device, stream, on_memory(kernel, kBytes));
    lines.push_back({"bandwidth of " + std::string(family_of(kernel)),
                     fixed(took > 0 ? static_cast<double>(kBytes.n) / took / 1e9 : 0, 0) + " GB/s, " +
                         fixed(took > 0 ? 100 * copy / took : 0, 0) + "% of a copy"});
  }
}

void tell_rate(cuda::CudaDevice& device, StreamHandle stream, const std::string& name, const models::Kernel& kernel,
               std::vector<SelfTestLine>& lines) {
  if (!device.can_run(kernel)) return;
  device.prepare({&kernel, 1});
  if (!device.can_run(kernel) || device.failed()) return;
  const double took = seconds_of(device, stream, kernel);
  lines.push_back({name, fixed(took > 0 ? kernel.flops().n / took / 1e12 : 0, 0) + " TFLOP/s"});
}

void tell_rates(cuda::CudaDevice& device, StreamHandle stream, std::vector<SelfTestLine>& lines) {
  for (const models::Dtype dtype : {models::Dtype::bf16, models::Dtype::fp8}) {
    models::GemmShape s;
    s.m = s.n = s.k = 8192;
    s.dtype = dtype;
    tell_rate(device, stream, "8192-cubed product in " + std::string(to_string(dtype)), {s}, lines);
  }
  for (const int dim : {128, 64})
    for (const int length : {4096, 16384})
      for (const bool backward : {false, true}) {
        models::AttentionShape s;
        s.heads = 32, s.kv_heads = 8;
        s.queries = s.keys = length;
        s.head_dim = s.value_dim = dim;
        s.backward = backward;
        tell_rate(device, stream,
                  "attention " + std::string(backward ? "backward" : "forward") + ", " + std::to_string(length) +
                      " tokens, heads of " + std::to_string(dim),
                  {s}, lines);
      }
}

// Each memory-bound kernel once.
void run_each(cuda::CudaDevice& device, StreamHandle stream) {
  for (int i = 0; i < kMemoryKernels && !device.failed(); ++i) {
    const models::Kernel kernel = on_memory(static_cast<MemoryKernel>(i), Bytes{1 << 20});
    device.kernel(stream, {&kernel, Duration()}, {});
  }
  device.synchronize();
}

}  // namespace

Result<std::vector<SelfTestLine>> self_test(int gpu, Speeds speeds) {
  cuda::DeviceOptions options;
  options.gpu = gpu;
  options.ranks = {{0}};
  auto opened = cuda::CudaDevice::open(options);
  if (!opened) return opened.errors();
  cuda::CudaDevice& device = **opened;
  std::vector<SelfTestLine> lines;
  using models::GemmRole;
  for (const GemmRole role : {GemmRole::forward, GemmRole::data_gradient, GemmRole::weight_gradient})
    lines.push_back(check_gemm(device, role, false));
  lines.push_back(check_gemm(device, GemmRole::weight_gradient, true));
  for (const auto& [dim, value_dim] : {std::pair(64, 64), std::pair(128, 128), std::pair(192, 128)})
    for (SelfTestLine& line : check_attention(device.faults(), dim, value_dim)) lines.push_back(std::move(line));
  lines.push_back(check_sum(device));
  const StreamHandle stream = device.add_stream({0}, "self-test", StreamUse::kernels);
  if (speeds == Speeds::tell) {
    tell_rates(device, stream, lines);
    tell_bandwidths(device, stream, lines);
  } else {
    run_each(device, stream);
  }
  if (device.failed()) return device.faults().errors();
  return lines;
}

}  // namespace orrery::validate
