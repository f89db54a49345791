#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "validate/cuda/attention/attention.h"
#include "validate/cuda/driver/green_context.h"
#include "validate/cuda/driver/marks.h"
#include "validate/cuda/events.h"
#include "validate/cuda/memory/arena.h"
#include "validate/cuda/memory/segments.h"
#include "validate/cuda/products/gemm.h"
#include "validate/device.h"
#include "validate/memory/rank_memory.h"

namespace orrery::validate::cuda {

struct DeviceOptions {
  int gpu = 0;
  std::vector<RankId> ranks;  // that run on it
  bool partition = false;     // an equal share of the SMs for each
  int sms_a_rank = 0;         // of a share; 0: as many as there are
  bool graph = false;         // everything until synchronize() becomes one CUDA graph
  bool host_ops = true;       // ops without a shape take their planned time; else none
  RankMemory::Options allocators;
  std::chrono::seconds deadline{120};  // for all that was enqueued
};

// CUDA_DEVICE_MAX_CONNECTIONS, which orrery-gpu sets to what there is.
inline constexpr std::size_t kQueues = 32;

// A GPU that executes the ops of one rank, or of several virtual ones. Where those have more
// streams than it has queues, what waits at the head of a queue holds up all behind it: all
// messages of a virtual rank then go through one stream, and are enqueued when they can run.
//
// Streams are made when they are first used, and begin behind one event that is the
// device's own beginning. Those of transfers and of the host go first where a rank's first
// stream, which computes, has blocks waiting for an SM. With `graph`, enqueueing captures; synchronize() launches the
// graph twice and times the second run. Memory is not allocated then.
class CudaDevice final : public Device {
 public:
  static Result<std::unique_ptr<CudaDevice>> open(const DeviceOptions& options);
  ~CudaDevice() override;

  // Chooses algorithms and makes operands for these kernels; before they are enqueued.
  void prepare(std::span<const models::Kernel> kernels);

  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override;
  EventHandle record(StreamHandle stream) override;
  EventHandle record_timed(StreamHandle stream) override;
  void wait(StreamHandle stream, EventHandle event) override;
  void kernel(StreamHandle stream, const Work& work, const Place& place) override;
  std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) override;
  void free(StreamHandle stream, BufferHandle buffer) override;
  bool can_run(const models::Kernel& kernel) const override;
  bool is_over(EventHandle event) override { return !shares_queues_ || has_come(event); }
  bool may_run_ahead_of(EventHandle event) override {
    return options_.graph || (!shares_queues_ && !broken_) || has_come(event);
  }
  bool failed() const override { return faults_.failed(); }
  Errors synchronize() override;
  Time time_of(EventHandle event) override { return events_.time_of(event); }
  Duration between(EventHandle from, EventHandle to) override { return events_.between(from, to); }
  void forget_events() override;

  // For transports.
  cudaStream_t stream(StreamHandle handle);  // ready to be enqueued to; null after a fault
  Faults& faults() { return faults_; }
  bool captures() const { return options_.graph; }
  int sms() const { return sms_; }
  bool is_partitioned() const { return partitions_ != nullptr; }
  int sms_beside() const { return partitions_ ? partitions_->sms_beside() : 0; }  // of transfers alone; 0: none
  // Asked again and again while it waits; what it says ends the wait.
  void watch(std::function<std::optional<std::string>()> broken) { broken_ = std::move(broken); }
  // Called before a graph is launched, so that other processes' begin with it.
  void before_launches(std::function<void()> meet) { meet_ = std::move(meet); }
  // Of the host, from the beginning until synchronize().
  double enqueue_seconds() const { return enqueue_seconds_; }

  // That something was enqueued to.
  std::size_t streams() const;

  const RankMemory& memory() const { return memory_; }
  std::uint64_t operand_bytes() const { return arena_.bytes(); }
  Gemms& gemms() { return *gemms_; }

 private:
  struct Stream {
    RankId rank;
    std::string name;
    StreamUse use = StreamUse::nothing;
    int priority = 0;
    bool shared = false;  // `handle` is another's
    cudaStream_t handle = nullptr;
    EventHandle last = kBeginning;  // recorded behind all that was enqueued, unless `moved`
    bool moved = false;
  };
  static constexpr EventHandle kBeginning = Events::kBeginning;

  explicit CudaDevice(const DeviceOptions& options);
  Errors start();
  RankMemory::Sources sources();
  cudaStream_t stream_of_messages(RankId rank) const;
  int partition_of(RankId rank) const;
  cudaStream_t make_stream(RankId rank, bool beside, int priority);
  void find_queues();
  EventHandle record_behind(StreamHandle stream, bool timed);
  bool begin();
  void launch_graph();
  bool has_come(EventHandle event);
  std::optional<std::string> given_up();
  bool wait_for_all();
  bool wait_for(cudaStream_t stream, const Stream& of);
  void destroy_stream(cudaStream_t stream);
  void launch(const models::Kernel& kernel, cudaStream_t stream);
  void delay(Duration time, cudaStream_t stream);
  void stream_through(const std::string& family, Bytes bytes, cudaStream_t stream);

  DeviceOptions options_;
  Faults faults_;
  int sms_ = 0;            // that a stream of kernels may use
  int first_in_line_ = 0;  // the priority of all streams of a rank but its first, which computes
  std::unique_ptr<Partitions> partitions_;
  RankMemory memory_;
  Arena arena_;
  std::unique_ptr<Gemms> gemms_;
  Attention attention_;
  Marks marks_;
  cudaStream_t origin_ = nullptr;  // the first; a capture begins and ends there
  bool begun_ = false, capturing_ = false;
  bool shares_queues_ = false;
  std::chrono::steady_clock::time_point last_over_;     // when something last was, of what is asked for
  std::chrono::steady_clock::time_point last_watched_;  // when it was last asked whether all is lost
  std::vector<Stream> streams_;
  Events events_;
  std::function<std::optional<std::string>()> broken_;
  std::function<void()> meet_;
  std::chrono::steady_clock::time_point began_;
  double enqueue_seconds_ = 0;
};

}  // namespace orrery::validate::cuda
