#pragma once

#include "models/scenario/scenario.h"

namespace orrery::models {

// How the ranks of a context-parallel group split the attention core.
struct ContextSplit {
  // Which keys a rank's queries meet, and how they come.
  enum class Ring {
    plain,   // contiguous pieces pass around: under a causal mask the last rank has most to do
    zigzag,  // piece i and piece 2r-1-i of 2r to a rank: everybody has the same to do
    gather   // zigzag pieces of queries, keys and values gathered at once (Llama 3)
  };

  int ulysses = 1;  // ranks that trade sequence for heads, neighbours among the context-parallel ranks
  int ring = 1;     // ranks that keep their part of the sequence
  Ring kind = Ring::zigzag;

  // Under a causal mask ranks differ in what they compute.
  bool uneven() const { return ring > 1 && kind == Ring::plain; }
};

ContextSplit context_split(const LayoutSpec& layout);

}  // namespace orrery::models
