#include "validate/transport/copies.h"

#include <algorithm>

namespace orrery::validate {
namespace {

// Chunk `i` of n of a buffer: all but the last are multiples of 16 bytes long, which is
// what a thread moves at once.
struct Chunk {
  Bytes offset, bytes;
};
Chunk chunk_of(Bytes all, int i, int n) {
  constexpr std::int64_t kMoved = 16;
  const std::int64_t each = (all.n / n + kMoved - 1) / kMoved * kMoved;
  const std::int64_t begin = std::min(all.n, each * i), end = i + 1 == n ? all.n : std::min(all.n, each * (i + 1));
  return {{begin}, {end - begin}};
}

}  // namespace

ImposedTime imposed_link(Duration latency, BytesPerSecond bandwidth) {
  return [=](const Exchange& exchange, const std::vector<Move>& moves) -> std::optional<Duration> {
    const int rounds = std::max(1, rounds_of(moves));
    const bool whole = moves.empty() || moves.front().whole;
    const auto parts = whole ? std::int64_t{1} : static_cast<std::int64_t>(exchange.members.size());
    const Duration one = bandwidth.n > 0 ? Bytes{exchange.bytes.n / parts} / bandwidth : Duration();
    return (latency + one) * rounds;
  };
}

CopyTransport::CopyTransport(Device& device, Mover& mover, ImposedTime imposed)
    : device_(device), mover_(mover), imposed_(std::move(imposed)) {}

void CopyTransport::exchange(std::span<const Exchange> together) {
  std::vector<std::pair<StreamHandle, EventHandle>> ends;
  for (const Exchange& exchange : together) {
    if (device_.failed()) return;
    if (exchange.kind == sim::TransferKind::point_to_point) {
      message(exchange, ends);
    } else if (sim::is_copy(exchange.kind)) {
      to_host(exchange);
    } else {
      collective(exchange);
    }
  }
  // Streams are held back when all messages of the group are on their way.
  for (const auto& [stream, end] : ends) device_.wait(stream, end);
}

void CopyTransport::collective(const Exchange& exchange) {
  const std::vector<Move> moves = moves_of(exchange.kind, static_cast<int>(exchange.members.size()));
  std::vector<StreamHandle> streams(exchange.members.size());
  for (std::size_t i = 0; i < exchange.members.size(); ++i)
    for (const Endpoint& endpoint : exchange.local)
      if (endpoint.place.rank == exchange.members[i]) streams[i] = endpoint.stream;
  for (const StreamHandle stream : streams)
    for (const Endpoint& endpoint : exchange.local)
      if (endpoint.stream != stream) device_.wait(stream, endpoint.arrived);
  run_moves(exchange, moves, streams);
}

// A move runs on the receiver's stream, as a receive copies what has come; it waits
// for the sender's moves of earlier rounds, and the next of the sender for it.
void CopyTransport::run_moves(const Exchange& exchange, const std::vector<Move>& moves,
                              const std::vector<StreamHandle>& streams) {
  const auto n = static_cast<int>(streams.size());
  const bool apart = reads_and_writes_apart(exchange.kind);
  for (const RankId rank : exchange.members) mover_.reserve(rank, exchange.bytes);
  const auto imposed = imposed_ ? imposed_(exchange, moves) : std::nullopt;
  std::vector<Mover::Mark> marks;
  if (imposed)
    for (const StreamHandle stream : streams) marks.push_back(mover_.mark(stream));

  const int rounds = rounds_of(moves);
  std::vector<EventHandle> done(streams.size());  // of each rank's moves of the round before
  for (int round = 0; round < rounds; ++round) {
    if (round > 0) {
      for (std::size_t i = 0; i < streams.size(); ++i) done[i] = device_.record(streams[i]);
      for (const Move& move : moves) {
        if (move.round != round) continue;
        const auto from = static_cast<std::size_t>(move.from), to = static_cast<std::size_t>(move.to);
        device_.wait(streams[to], done[from]);
      }
    }
    for (const Move& move : moves) {
      if (move.round != round) continue;
      const auto from = static_cast<std::size_t>(move.from), to = static_cast<std::size_t>(move.to);
      const Chunk chunk = move.whole ? Chunk{{}, exchange.bytes} : chunk_of(exchange.bytes, move.from_chunk, n);
      const Chunk target = move.whole ? chunk : chunk_of(exchange.bytes, move.to_chunk, n);
      const Bytes bytes = std::min(chunk.bytes, target.bytes);
      const Piece source{exchange.members[from], false, chunk.offset};
      const Piece destination{exchange.members[to], apart, target.offset};
      if (bytes.n == 0) continue;
      if (move.adds) {
        mover_.add(streams[to], destination, source, bytes);
      } else {
        mover_.copy(streams[to], destination, source, bytes);
      }
    }
  }
  // Nobody goes on while a peer may still read its buffer.
  for (std::size_t i = 0; i < streams.size(); ++i) done[i] = device_.record(streams[i]);
  for (std::size_t i = 0; i < streams.size(); ++i)
    for (std::size_t k = 0; k < streams.size(); ++k)
      if (i != k) device_.wait(streams[i], done[k]);
  for (std::size_t i = 0; i < marks.size(); ++i) mover_.hold(streams[i], marks[i], *imposed);
}

void CopyTransport::message(const Exchange& exchange, std::vector<std::pair<StreamHandle, EventHandle>>& ends) {
  const std::vector<Move> moves = moves_of(exchange.kind, 2);
  const auto receiver = std::find_if(exchange.local.begin(), exchange.local.end(),
                                     [](const Endpoint& endpoint) { return !endpoint.sends; });
  const StreamHandle on = receiver->stream;
  const RankId from = exchange.members[0], to = exchange.members[1];
  for (const Endpoint& endpoint : exchange.local)
    if (endpoint.stream != on) device_.wait(on, endpoint.arrived);
  mover_.reserve(from, exchange.bytes);
  mover_.reserve(to, exchange.bytes);
  const auto imposed = imposed_ ? imposed_(exchange, moves) : std::nullopt;
  const Mover::Mark start = imposed ? mover_.mark(on) : 0;
  mover_.copy(on, {to, true, {}}, {from, false, {}}, exchange.bytes);
  if (imposed) mover_.hold(on, start, *imposed);
  const EventHandle end = device_.record(on);
  for (const Endpoint& endpoint : exchange.local)
    if (endpoint.stream != on) ends.emplace_back(endpoint.stream, end);
}

void CopyTransport::to_host(const Exchange& exchange) {
  const Endpoint& endpoint = exchange.local.front();
  mover_.reserve(endpoint.place.rank, exchange.bytes);
  const auto imposed = imposed_ ? imposed_(exchange, {}) : std::nullopt;
  const Mover::Mark start = imposed ? mover_.mark(endpoint.stream) : 0;
  mover_.copy_to_host(endpoint.stream, endpoint.place.rank, exchange.bytes);
  if (imposed) mover_.hold(endpoint.stream, start, *imposed);
}

}  // namespace orrery::validate
