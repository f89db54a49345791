#include "validate/transport/steps.h"

#include <algorithm>

namespace orrery::validate {
namespace {

int wrap(int i, int n) {
  return ((i % n) + n) % n;
}

// In round k of n-1, rank r passes on the chunk that its neighbour needs: `shift`
// says which chunk r has first.
void add_ring(std::vector<Move>& moves, int n, int first_round, int shift, bool adds) {
  for (int k = 0; k < n - 1; ++k) {
    for (int r = 0; r < n; ++r) {
      const int chunk = wrap(r + shift - k, n);
      moves.push_back({first_round + k, r, wrap(r + 1, n), chunk, chunk, false, adds});
    }
  }
}

std::vector<Move> chain(int n, bool adds) {
  std::vector<Move> moves;
  for (int k = 0; k < n - 1; ++k)
    moves.push_back(adds ? Move{k, n - 1 - k, n - 2 - k, 0, 0, true, true} : Move{k, k, k + 1, 0, 0, true, false});
  return moves;
}

}  // namespace

std::vector<Move> moves_of(sim::TransferKind kind, int n) {
  using sim::TransferKind;
  std::vector<Move> moves;
  switch (kind) {
    case TransferKind::all_reduce:
      add_ring(moves, n, 0, -1, true);      // chunk r is whole at rank r
      add_ring(moves, n, n - 1, 0, false);  // and goes round
      break;
    case TransferKind::reduce_scatter:
      add_ring(moves, n, 0, -1, true);
      break;
    case TransferKind::all_gather:
      add_ring(moves, n, 0, 0, false);
      break;
    case TransferKind::all_to_all:
      for (int k = 1; k < n; ++k)
        for (int r = 0; r < n; ++r) moves.push_back({k - 1, r, wrap(r + k, n), wrap(r + k, n), r, false, false});
      break;
    case TransferKind::broadcast:
      return chain(n, false);
    case TransferKind::reduce:
      return chain(n, true);
    case TransferKind::gather:
      for (int r = 1; r < n; ++r) moves.push_back({0, r, 0, r, r, false, false});
      break;
    case TransferKind::scatter:
      for (int r = 1; r < n; ++r) moves.push_back({0, 0, r, r, r, false, false});
      break;
    case TransferKind::ring_shift:
      for (int r = 0; r < n; ++r) moves.push_back({0, r, wrap(r + 1, n), 0, 0, true, false});
      break;
    case TransferKind::point_to_point:
      moves.push_back({0, 0, 1, 0, 0, true, false});
      break;
    case TransferKind::copy:
    case TransferKind::copy_in:
      break;
  }
  return moves;
}

int rounds_of(const std::vector<Move>& moves) {
  int rounds = 0;
  for (const Move& move : moves) rounds = std::max(rounds, move.round + 1);
  return rounds;
}

bool reads_and_writes_apart(sim::TransferKind kind) {
  return kind == sim::TransferKind::all_to_all || kind == sim::TransferKind::gather ||
         kind == sim::TransferKind::scatter || kind == sim::TransferKind::ring_shift ||
         kind == sim::TransferKind::point_to_point;
}

}  // namespace orrery::validate
