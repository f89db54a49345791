#pragma once

#include <memory>
#include <vector>

#include "sim/trace/trace.h"
#include "validate/device.h"
#include "validate/transport/transport.h"

namespace orrery::validate {

// How long things take on a stand-in.
class Durations {
 public:
  virtual ~Durations() = default;
  virtual Duration kernel(const Work& work, const Place& place) = 0;
  virtual Duration transfer(const Exchange& exchange) = 0;
};

// As the program plans: kernels at full speed, transfers as if alone on their links.
std::unique_ptr<Durations> planned_durations(const sim::Workload& workload);

// As they were seen: `spans` is every op of a run.
std::unique_ptr<Durations> seen_durations(const std::vector<sim::Span>& spans);

// As a GPU's curves say, and for transfers a planner without links (analytic), with
// normal noise of a relative deviation: a truth to calibrate against. A straggler is held behind its kernels, as on a
// GPU.
std::unique_ptr<Durations> modelled_durations(const topology::GpuSpec& gpu,
                                              std::shared_ptr<const sim::TransferPlanner> planner, double noise,
                                              std::uint64_t seed);

// A device and a transport without hardware: ops complete in stream order after
// a given time, so that when each starts and ends is known as soon as it is
// enqueued. It holds no data, and counts memory.
class StandIn : public Device, public Transport {
 public:
  explicit StandIn(std::unique_ptr<Durations> durations) : durations_(std::move(durations)) {}

  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override;
  EventHandle record(StreamHandle stream) override;
  void wait(StreamHandle stream, EventHandle event) override;
  void kernel(StreamHandle stream, const Work& work, const Place& place) override;
  std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) override;
  void free(StreamHandle stream, BufferHandle buffer) override;
  bool failed() const override { return false; }
  // What is enqueued afterwards begins when all that was before is over.
  Errors synchronize() override;
  Time time_of(EventHandle event) override { return events_[event]; }

  void exchange(std::span<const Exchange> together) override;

  // A rank may hold so much; allocations beyond it fail, as on a GPU.
  void limit_memory(Bytes bytes) { limit_ = bytes; }
  // Buffers that were never freed.
  std::size_t live_buffers() const { return live_; }

 private:
  struct Stream {
    RankId rank;
    Time clock;  // all that was enqueued is over by then
  };

  std::unique_ptr<Durations> durations_;
  std::vector<Stream> streams_;
  std::vector<Time> events_;
  std::vector<Bytes> buffers_;
  std::vector<Bytes> held_;  // by rank
  std::optional<Bytes> limit_;
  std::size_t live_ = 0;
};

}  // namespace orrery::validate
