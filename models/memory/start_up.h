#pragma once

#include <cstdint>
#include <vector>

#include "models/architecture/weights.h"
#include "models/scenario/scenario.h"

namespace orrery::models {

// A rank's parameters, and the buffers of its program that are held for them.
struct HeldWeights {
  struct Piece {
    PieceKind kind;
    int layer;
  };
  std::vector<Piece> pieces;           // in the order in which modules make them
  std::vector<std::uint32_t> buffers;  // resident: parameters, gradients, optimizer states, gradients that nobody reads
  std::vector<Bytes> unread;           // those gradients (dummy_weight_gradients)
  std::int64_t embeddings = 0;         // elements of the dense weights that are tables
  int replicas = 1;                    // of a stage inside one pipeline
};

// What a process asks its allocator for because of its training states, tensor by tensor and when: the order decides
// which free blocks are there for what comes later, and so what is reserved at the end.
struct StartUp {
  // Bytes of a tensor; or, below zero, -1 - i: the tensor that request i made is freed.
  std::vector<std::int64_t> before_first_step;
  std::vector<std::int64_t> in_first_backward, behind_first_step;
  bool operator==(const StartUp&) const = default;
};

// Of the ranks that share `held` among them, which hold different parts of it: of a few, evenly spread, the first and
// the last among them. Empty where the stack's way is not known (Stack::StateTensors::one): states then stand from the
// beginning, a tensor a kind.
std::vector<StartUp> start_ups(const Scenario& scenario, const HeldWeights& held);

}  // namespace orrery::models
