#pragma once

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::models {

// Bytes of one element in memory, scales of block formats included.
double element_bytes(Dtype dtype);

// The curve of `dtype`, or of the nearest format that has one (16-bit formats
// stand for each other, 8-bit formats too, everything else falls to 16 bits).
const topology::GemmCurve& gemm_curve(const topology::GpuSpec& gpu, Dtype dtype);

// Dense peak in FLOP/s by the same rule.
double peak_flops(const topology::GpuSpec& gpu, Dtype dtype);

// Bytes that a product reads and writes, each operand once. A weight gradient
// that accumulates reads and writes its fp32 output.
double gemm_bytes(const GemmShape& shape);

// What a product in 8 bits or fewer moves before it, to quantise the operand that comes
// in 16: read once, written once as 8, and read for its scale (3 bytes an element in all). A
// weight gradient finds both of its operands quantised by the two products before it.
Bytes quantized_bytes(const GemmShape& shape);

// Tier 1: t0 + ((F/(ec P))^p + (B/(em W))^p)^(1/p), and the quantisation of the
// input before an fp8 product. `slowdown` stretches the curve, not its launch.
// Seconds; zero for an empty product. Never falls when m, n, k or batch grows.
double gemm_seconds(const GemmShape& shape, const topology::GpuSpec& gpu, double slowdown);

}  // namespace orrery::models
