#include "validate/self_test.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iomanip>
#include <random>
#include <sstream>

#include "validate/cuda/attention/attention.h"
#include "validate/cuda/device.h"
#include "validate/cuda/launch.h"
#include "validate/plan/gemm_layout.h"

namespace orrery::validate {
namespace {

// Of an element of a matrix, or how many a matrix has.
std::size_t place(int row, int width, int column = 0) {
  return static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column);
}

using cuda::Bf16;
using Numbers = std::vector<double>;

double value_of(Bf16 x) {
  return std::bit_cast<float>(std::uint32_t{x} << 16);
}

std::string fixed(double x, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << x;
  return text.str();
}

// Memory of the GPU with a copy on the host.
template <class T>
class Buffer {
 public:
  Buffer(cuda::Faults& faults, std::size_t count) : faults_(faults), host(count) {
    faults_.ok(cudaMalloc(reinterpret_cast<void**>(&device), count * sizeof(T)), "memory for a self-test");
  }
  ~Buffer() { cudaFree(device); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // NaN in every format, so that what a library leaves unwritten shows.
  void poison() { faults_.ok(cudaMemset(device, 0xff, host.size() * sizeof(T)), "poison"); }
  void to_device() {
    faults_.ok(cudaMemcpy(device, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice), "a copy");
  }
  void to_host() {
    faults_.ok(cudaMemcpy(host.data(), device, host.size() * sizeof(T), cudaMemcpyDeviceToHost), "a copy");
  }

 private:
  cuda::Faults& faults_;

 public:
  std::vector<T> host;
  T* device = nullptr;
};

void fill(Buffer<Bf16>& buffer, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (Bf16& x : buffer.host) x = static_cast<Bf16>(std::bit_cast<std::uint32_t>(normal(random)) >> 16);
  buffer.to_device();
}

// Largest difference over the root mean square of what is wanted.
class Difference {
 public:
  void add(double wanted, double got) {
    largest_ = std::isfinite(got) ? std::max(largest_, std::abs(wanted - got)) : HUGE_VAL;
    squares_ += wanted * wanted;
    ++count_;
  }
  SelfTestLine line(const std::string& what, double tolerance) const {
    const double relative = largest_ / std::sqrt(squares_ / count_ + 1e-30);
    return {what, "largest error " + fixed(relative, 5) + " of the root mean square, allowed " + fixed(tolerance, 5),
            relative <= tolerance};
  }

 private:
  double largest_ = 0, squares_ = 0;
  int count_ = 0;
};

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

// One head of attention with its gradients, in double.
struct Head {
  int queries, keys, dim, value_dim;
  Numbers o, dq, dk, dv;

  Head(const cuda::AttentionTensors& t, int dims, int value_dims, const std::vector<Bf16>& q,
       const std::vector<Bf16>& k, const std::vector<Bf16>& v, const std::vector<Bf16>& d_o)
      : queries(t.queries), keys(t.keys), dim(dims), value_dim(value_dims) {
    const auto at = [](const std::vector<Bf16>& x, int row, int width, int i) {
      return value_of(x[place(row, width, i)]);
    };
    const auto of = [](Numbers& x, int row, int width, int i) -> double& { return x[place(row, width, i)]; };
    o.resize(place(queries, value_dim));
    dq.resize(place(queries, dim));
    dk.resize(place(keys, dim));
    dv.resize(place(keys, value_dim));
    for (int i = 0; i < queries; ++i) {
      Numbers p(static_cast<std::size_t>(keys));
      double sum = 0, delta = 0;
      for (int j = 0; j < keys && j <= i; ++j) {
        double s = 0;
        for (int d = 0; d < dim; ++d) s += at(q, i, dim, d) * at(k, j, dim, d);
        sum += p[static_cast<std::size_t>(j)] = std::exp(s * static_cast<double>(t.scale));
      }
      for (double& x : p) x /= sum;
      for (int d = 0; d < value_dim; ++d) {
        for (int j = 0; j < keys; ++j)
          of(o, i, value_dim, d) += p[static_cast<std::size_t>(j)] * at(v, j, value_dim, d);
        delta += of(o, i, value_dim, d) * at(d_o, i, value_dim, d);
      }
      for (int j = 0; j < keys && j <= i; ++j) {
        const double pij = p[static_cast<std::size_t>(j)];
        double dp = 0;
        for (int d = 0; d < value_dim; ++d) {
          dp += at(d_o, i, value_dim, d) * at(v, j, value_dim, d);
          of(dv, j, value_dim, d) += pij * at(d_o, i, value_dim, d);
        }
        const double ds = pij * (dp - delta) * static_cast<double>(t.scale);
        for (int d = 0; d < dim; ++d) {
          of(dq, i, dim, d) += ds * at(k, j, dim, d);
          of(dk, j, dim, d) += ds * at(q, i, dim, d);
        }
      }
    }
  }
};

std::vector<SelfTestLine> check_attention(cuda::Faults& faults, int dim, int value_dim) {
  constexpr int kTokens = 200;  // no multiple of a tile
  const auto size = [&](int width) { return place(kTokens, width); };
  Buffer<Bf16> q(faults, size(dim)), k(faults, size(dim)), v(faults, size(value_dim)), o(faults, size(value_dim)),
      d_o(faults, size(value_dim));
  Buffer<Bf16> dq(faults, size(dim)), dk(faults, size(dim)), dv(faults, size(value_dim));
  Buffer<float> log_sum(faults, kTokens), delta(faults, kTokens);
  fill(q, 3);
  fill(k, 4);
  fill(v, 5);
  fill(d_o, 6);
  cuda::AttentionTensors t{q.device,   k.device,     v.device,  o.device,  log_sum.device,
                           d_o.device, delta.device, dq.device, dk.device, dv.device};
  t.queries = t.keys = kTokens;
  t.heads = t.kv_heads = 1;
  t.scale = 1.0f / std::sqrt(static_cast<float>(dim));
  faults.ok(cuda::launch_attention_forward(t, dim, value_dim, 1, nullptr), "attention");
  faults.ok(cuda::launch_attention_backward(t, dim, value_dim, 1, nullptr), "attention backward");
  faults.ok(cudaDeviceSynchronize(), "attention");
  const Head wanted(t, dim, value_dim, q.host, k.host, v.host, d_o.host);
  const std::string name = "attention, heads of " + std::to_string(dim) + " and " + std::to_string(value_dim) + ": ";
  std::vector<SelfTestLine> lines;
  const auto compare = [&](const char* what, Buffer<Bf16>& got, const Numbers& reference) {
    got.to_host();
    Difference difference;
    for (std::size_t i = 0; i < reference.size(); ++i) difference.add(reference[i], value_of(got.host[i]));
    lines.push_back(difference.line(name + what, 0.06));
  };
  compare("output", o, wanted.o);
  compare("query gradient", dq, wanted.dq);
  compare("key gradient", dk, wanted.dk);
  compare("value gradient", dv, wanted.dv);
  return lines;
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
