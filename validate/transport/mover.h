#pragma once

#include "validate/device.h"

namespace orrery::validate {

// A piece of a rank's transfer buffers: each rank has one that transfers read and one
// that they write (the same for those that work in place).
struct Piece {
  RankId rank;
  bool written = false;  // of the buffer that is written
  Bytes offset;
};

// What a device must do for a transport of its own: everything in stream order.
class Mover {
 public:
  using Mark = std::uint32_t;

  virtual ~Mover() = default;
  // Both buffers of a rank hold at least so much.
  virtual void reserve(RankId rank, Bytes bytes) = 0;
  virtual void copy(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) = 0;
  // to += from, as bf16.
  virtual void add(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) = 0;
  // Of the rank's buffer to memory of the host, and back.
  virtual void copy_to_host(StreamHandle stream, RankId rank, Bytes bytes) = 0;
  // This moment of the stream; and what is enqueued behind hold() starts no sooner than
  // `time` after it.
  virtual Mark mark(StreamHandle stream) = 0;
  virtual void hold(StreamHandle stream, Mark since, Duration time) = 0;
};

}  // namespace orrery::validate
