#pragma once

#include <utility>

#include "topology/hardware.h"

// GPUs with the curves of docs/compute.md, built by hand so that these tests
// stand without the catalogue.
namespace orrery::models {

inline topology::GpuSpec gpu(double peak, double bandwidth, int sms, int capability, topology::GemmCurve curve) {
  topology::GpuSpec g;
  g.peak[topology::Dtype::bf16] = {peak};
  g.memory_bandwidth = {static_cast<std::int64_t>(bandwidth)};
  g.sms = sms;
  g.compute_capability = capability;
  g.gemm[topology::Dtype::bf16] = curve;
  g.memory_bound["default"] = {0.75, Duration::us(2)};
  g.attention.launch = Duration::us(8);
  return g;
}

// Causal bf16 forward, d = 128, batch x heads >= 32: median TFLOP/s by length.
inline void set_attention(topology::GpuSpec& g, std::initializer_list<double> tflops) {
  double length = 1024;
  for (double t : tflops) {
    g.attention.efficiency_by_length.emplace_back(length, t * 1e12 / g.peak[topology::Dtype::bf16].n);
    length *= 2;
  }
}

inline topology::GemmCurve curve(double ec, double em, double t0_us, double p) {
  return {ec, em, Duration::from_seconds(t0_us * 1e-6), p, 0, {}, 0};
}

inline topology::GpuSpec a100() {
  auto g = gpu(312e12, 2.039e12, 108, 80, curve(0.80, 0.74, 5.1, 1.34));
  set_attention(g, {146, 175, 193, 201, 205});
  return g;
}

inline topology::GpuSpec a100_with_waves() {
  auto g = a100();
  g.gemm[topology::Dtype::bf16] = curve(0.911, 0.949, 2.5, 2.5);
  g.gemm[topology::Dtype::bf16].wave = 0.9;
  return g;
}

inline topology::GpuSpec h100() {
  auto g = gpu(989e12, 3.35e12, 132, 90, curve(0.78, 0.81, 3.0, 2.56));
  set_attention(g, {291, 426, 529, 578, 607});
  g.peak[topology::Dtype::fp8] = {1979e12};
  g.gemm[topology::Dtype::fp8] = curve(0.74, 0.64, 5.0, 2.56);
  g.gemm[topology::Dtype::fp8].quantize_efficiency = 0.40;
  g.gemm[topology::Dtype::fp8].quantize_launch = Duration::ns(5500);
  return g;
}

inline topology::GpuSpec h200() {
  auto g = gpu(989e12, 4.8e12, 132, 90, curve(0.78, 0.78, 3.2, 2.34));
  set_attention(g, {292, 430, 524, 576, 587});
  return g;
}

inline topology::GpuSpec b200() {
  auto g = gpu(2250e12, 7.7e12, 148, 100, curve(0.68, 0.73, 2.5, 2.37));
  set_attention(g, {476, 735, 984, 1138, 1234});
  return g;
}

}  // namespace orrery::models
