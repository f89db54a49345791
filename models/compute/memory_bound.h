#pragma once

#include "models/compute/kernel.h"
#include "topology/hardware.h"

namespace orrery::models {

// Families that programs ask for; a GPU file may have curves for more.
inline constexpr const char* kMemoryBoundFamilies[] = {"adam",
                                                       "axpy",
                                                       "bias_dropout_add",
                                                       "bias_gradient",
                                                       "cast",
                                                       "cross_entropy",
                                                       "default",
                                                       "dropout",
                                                       "embedding",
                                                       "gated_activation",
                                                       "gelu",
                                                       "layernorm",
                                                       "layernorm_backward",
                                                       "norm",
                                                       "permute",
                                                       "residual_add",
                                                       "rmsnorm",
                                                       "rmsnorm_backward",
                                                       "rope",
                                                       "scale",
                                                       "softmax",
                                                       "zero"};

// The family's curve, or the GPU's "default".
const topology::MemoryBoundCurve& memory_bound_curve(const topology::GpuSpec& gpu, const std::string& family);

// t0 + bytes / (efficiency W) with the family's curve.
// Seconds; zero for no bytes. `slowdown`: how much longer than by the curve the bytes take.
double memory_bound_seconds(const MemoryBoundShape& shape, const topology::GpuSpec& gpu, double slowdown = 1);

}  // namespace orrery::models
