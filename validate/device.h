#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "models/compute/kernel.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/base/result.h"
#include "sim/op.h"

namespace orrery::validate {

// Where an op stands in a run: for marks in a profiler, messages and stand-ins.
struct Place {
  RankId rank;
  sim::StreamIndex stream = 0;
  std::uint32_t step = 0;
  sim::OpIndex op = 0;
};

// Handles of a device: small numbers that it gave out.
using StreamHandle = std::uint32_t;
using EventHandle = std::uint32_t;
using BufferHandle = std::uint32_t;

// What a kernel op asks for. One without a shape (the CPU's time to launch, say)
// is to take as long as the program says.
struct Work {
  const models::Kernel* kernel = nullptr;
  Duration planned;
  double slowdown = 1;  // of a straggler, whose kernel is planned to take so many times as long

  // What is planned beyond full speed, for which a device that runs a kernel at full speed holds
  // the stream behind it. No device makes a kernel faster.
  Duration lag() const {
    if (kernel == nullptr || slowdown <= 1) return {};
    return planned - Duration::from_seconds(planned.seconds() / slowdown);
  }
};

// What a stream will be asked for. `beside`: collectives and delays of the host, no kernels,
// so that a device may run them beside the kernels and not among them. Sends and receives alone
// are told apart, since a device with fewer queues than streams can have many in one queue.
enum class StreamUse { nothing, kernels, beside, messages };

// What executes the ops of a program, in the words of a GPU: in-order streams,
// events that are recorded in one stream and waited for in another, memory that
// is allocated and freed in stream order. Calls enqueue and return at once.
//
// After its first fault a device swallows what it is told; synchronize() says
// what happened.
class Device {
 public:
  virtual ~Device() = default;

  virtual StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) = 0;
  // An event of this moment of the stream, to wait for. Handles are not used again before forget_events().
  virtual EventHandle record(StreamHandle stream) = 0;
  // One that tells the time too. On a GPU it costs more: what comes behind it cannot begin
  // before the time is written.
  virtual EventHandle record_timed(StreamHandle stream) { return record(stream); }
  // What is enqueued from now on starts after the event.
  virtual void wait(StreamHandle stream, EventHandle event) = 0;
  virtual void kernel(StreamHandle stream, const Work& work, const Place& place) = 0;
  // A buffer of tensors, which are asked for one by one; none when there is no memory left for one of them.
  virtual std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) = 0;
  virtual void free(StreamHandle stream, BufferHandle buffer) = 0;

  // Whether it has something to run such a kernel with.
  virtual bool can_run(const models::Kernel&) const { return true; }

  // Whether an event has come, so that what waits for it holds up no queue. A device that
  // does not mind says yes.
  virtual bool is_over(EventHandle) { return true; }
  // Whether the host may enqueue more while it is so far ahead of an event. A device whose queues block their host
  // when they are full says no until it has come, so that the host hears of peers that are gone.
  virtual bool may_run_ahead_of(EventHandle) { return true; }

  virtual bool failed() const = 0;
  // Waits for all that was enqueued.
  virtual Errors synchronize() = 0;
  // When a timed event came, since the device's own beginning; never, when a fault kept it
  // from coming. After synchronize().
  virtual Time time_of(EventHandle event) = 0;
  // From one timed event to another, as exactly as the device can tell. After synchronize().
  virtual Duration between(EventHandle from, EventHandle to) { return time_of(to) - time_of(from); }
  // Nobody asks for the events so far any more, so their handles may be given out again. After synchronize().
  virtual void forget_events() {}
};

}  // namespace orrery::validate
