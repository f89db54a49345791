#pragma once

// Numbers on both sides, for comparing them. Internal to this room.

#include <algorithm>
#include <bit>
#include <cmath>
#include <iomanip>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "validate/cuda/faults.h"
#include "validate/cuda/kernels/simt.h"
#include "validate/self_test.h"

namespace orrery::validate {

// Of an element of a matrix, or how many a matrix has.
inline std::size_t place(int row, int width, int column = 0) {
  return static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column);
}

using cuda::Bf16;
using Numbers = std::vector<double>;

inline double value_of(Bf16 x) {
  return std::bit_cast<float>(std::uint32_t{x} << 16);
}

inline std::string fixed(double x, int digits) {
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

inline void fill(Buffer<Bf16>& buffer, unsigned seed) {
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

}  // namespace orrery::validate
