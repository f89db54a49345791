#pragma once

#include <cstdint>
#include <vector>

#include "sim/program.h"

namespace orrery::validate {

// One move of a collective among n ranks: a piece of what `from` has goes to the
// same place (or to `to_chunk`) at `to`, replacing or being added to what is there.
// Buffers are cut into n chunks, in the order of ranks.
//
// `round` orders moves: one may use what earlier rounds brought, and moves of one
// round do not touch each other's chunks.
struct Move {
  int round = 0;
  int from = 0, to = 0;
  int from_chunk = 0, to_chunk = 0;
  bool whole = false;  // all chunks at once
  bool adds = false;

  bool operator==(const Move&) const = default;
};

// How a collective among n ranks is done by our own transport: rings for all-reduce,
// all-gather and reduce-scatter (n-1 rounds each; 2(n-1)), direct exchanges in n-1
// rounds for all-to-all, a chain for broadcast and reduce, from or to rank 0 directly
// for gather and scatter. Where ranks begin with their own chunk alone (all-gather,
// gather), it is in its place; all-to-all reads chunk `to` of one buffer and writes chunk
// `from` of another.
std::vector<Move> moves_of(sim::TransferKind kind, int ranks);

// The number of rounds: what latency is paid for.
int rounds_of(const std::vector<Move>& moves);

// All-to-all, gather and scatter write elsewhere than they read: a rank's own chunk is
// not moved, and a chunk arrives where another is still to leave.
bool reads_and_writes_apart(sim::TransferKind kind);

}  // namespace orrery::validate
