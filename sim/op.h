#pragma once

#include <cstdint>

#include "sim/base/amount.h"
#include "sim/base/duration.h"

namespace orrery::sim {

enum class OpKind : std::uint8_t {
  kernel,      // payload: duration in ps
  collective,  // payload: index into Program::transfers; meets the group of its role
  send,        // payload: index into Program::transfers; meets a receive of its peer
  receive,     // payload: index into Program::transfers
  copy,        // payload: index into Program::transfers; of this rank alone (host, disk)
  allocate,    // payload: index into Program::buffers; takes no time
  free,        // payload: index into Program::buffers; takes no time
  marker,      // payload: index into Program::markers; takes no time
  wait,        // nothing but its dependency: a second wait of the op after it
  call,        // payload: index into Program::calls; the ops of a block in its place
};

using StreamIndex = std::uint8_t;
using OpIndex = std::uint32_t;
using Category = std::uint8_t;  // index into Workload::categories

inline constexpr StreamIndex kNoStream = 255;
inline constexpr StreamIndex kMainStream = 0;  // the stream whose timeline is the rank's time

// How a kernel feels a transfer that runs beside it (Workload::claims).
enum class KernelClass : std::uint8_t { unaffected, compute_bound, memory_bound };
inline constexpr int kKernelClasses = 3;

// What moves data: alone (copy), or with others.
constexpr bool is_transfer(OpKind kind) {
  return kind >= OpKind::collective && kind <= OpKind::copy;
}

constexpr bool is_memory(OpKind kind) {
  return kind == OpKind::allocate || kind == OpKind::free;
}

// One step of a stream. A dependency is "op `after` of stream `after_stream` of
// this rank is done", which is what a CUDA event means; order within a stream
// needs no edge, and ranks meet only in sends, receives and collectives. A
// second dependency is a `wait` op before this one.
//
// Names for people stand in a side table (Stream::notes), where the engine's
// loop does not meet them.
struct Op {
  static constexpr std::uint8_t kPreviousStep =
      1;  // the dependency is on the op of the step before (none in the first)
  static constexpr std::uint8_t kGroupedWithNext =
      2;  // ncclGroupStart/End: sends and receives that start together and end together
  static constexpr int kClassShift = 4;

  OpKind kind = OpKind::wait;
  Category category = 0;
  std::uint8_t flags = 0;
  StreamIndex after_stream = kNoStream;
  OpIndex after = 0;
  std::int64_t payload = 0;

  bool waits() const { return after_stream != kNoStream; }
  bool on_previous_step() const { return flags & kPreviousStep; }
  bool grouped_with_next() const { return flags & kGroupedWithNext; }
  KernelClass kernel_class() const { return static_cast<KernelClass>(flags >> kClassShift); }
  bool operator==(const Op&) const = default;
};
static_assert(sizeof(Op) == 16);

}  // namespace orrery::sim
