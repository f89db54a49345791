#pragma once

#include <cstdint>

#include "models/scenario/scenario.h"

namespace orrery::models {

// Bytes of training state for every parameter, before anything is sharded.
struct StateScheme {
  double parameter = 0;  // the working copy that GEMMs read
  double gradient = 0;   // accumulated over micro-batches
  double optimizer = 0;  // fp32 master copy and moments

  double total() const { return parameter + gradient + optimizer; }
};

// By precision, gradient type and optimizer (reference: docs/memory.md). With
// low-precision GEMMs the 16-bit weights stay, and their casts, as they are and
// transposed, are kept beside them for all micro-batches of a step.
StateScheme state_scheme(const TrainingSpec& training);

// Bytes of the casts of one multiplied weight, as it is and transposed, with their scales.
double low_precision_copies(Precision precision);

// Of the optimizer's bytes, what is no master copy; in two tensors a parameter, or in one.
double moments_width(const TrainingSpec& training);
bool has_two_moments(Optimizer optimizer);

// Bytes of one weight in a format, scales included.
double stored_width(Precision precision);

// Of a parameter that never meets a low-precision GEMM (embeddings, output layer).
StateScheme wide_state_scheme(const TrainingSpec& training);

// Bytes that one rank holds all the time for its parameters.
struct StateBytes {
  Bytes parameters, gradients, optimizer;
  Bytes total() const { return parameters + gradients + optimizer; }
  StateBytes& operator+=(const StateBytes& more);
};

// Parameters on one rank before data-parallel sharding.
struct HeldParameters {
  std::int64_t dense = 0, experts = 0;
  std::int64_t embeddings = 0;  // how many of the dense ones are tables
};

// What is split (models/layout/sharding.h) is split over the ranks of a shard group,
// experts over their own; a shard is rounded up to whole elements. What is offloaded is not here.
// `degree`: of tensor parallelism, in the layers that have these parameters.
// `replicas`: of a stage inside one pipeline (two where it is bidirectional); shards spread over them too.
StateBytes state_bytes(const Scenario& scenario, int degree, const HeldParameters& held, int replicas = 1);
// At the layout's degree.
StateBytes state_bytes(const Scenario& scenario, std::int64_t dense, std::int64_t experts, std::int64_t embeddings = 0);

}  // namespace orrery::models
