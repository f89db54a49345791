#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

// GPUs that are not there. The libraries built from this folder stand in for CUDA's runtime, cuBLASLt, NCCL and NVML,
// so that orrery-gpu itself, as it is, runs on any machine: streams, events, graphs, memory, several processes that
// meet. Nothing is computed: an op takes a time that follows from its shape, on a clock of its own, so the truth that
// a calibration is to find is known.
namespace orrery::pretend {

using Ns = std::int64_t;

// When something that streams wait for comes; empty until that is known.
using Moment = std::shared_ptr<std::optional<Ns>>;

// One op of a stream: told from when on it may run, it says when it is over, or nothing while that hangs on something
// still to come.
using Item = std::function<std::optional<Ns>(Ns ready)>;

// An op that is made anew each time that it runs: in a graph it does so again and again.
using ItemMaker = std::function<Item()>;

// What a graph is captured as: ops of streams, in the order in which they were enqueued.
struct Capture {
  struct Step {
    int stream = 0;
    enum class Kind : std::uint8_t { item, record, wait } kind = Kind::item;
    ItemMaker make;
    int moment = 0;  // of record and wait
    Moment outside;  // record: that can be asked for its time (cudaEventRecordExternal)
  };
  std::vector<Step> steps;
  int streams = 0, moments = 0;
};

}  // namespace orrery::pretend

struct CUstream_st {
  struct Queued {
    orrery::pretend::Item item;
    orrery::pretend::Ns not_before = 0;  // when the host enqueued it
  };
  std::deque<Queued> queue;
  orrery::pretend::Ns over = 0;  // when what was enqueued and is known is over
  int sms = 0;
  std::shared_ptr<orrery::pretend::Capture> capture;  // while it is captured
  int captured_as = 0;
};

struct CUevent_st {
  bool timed = true;
  orrery::pretend::Moment latest;
  std::shared_ptr<orrery::pretend::Capture> capture;  // of its latest record
  int captured_as = 0;
};

namespace orrery::pretend {

// One process' view of its GPU. All of it under one lock.
class Machine {
 public:
  static Machine& get();

  std::recursive_mutex lock;

  // What the environment says of the hardware (see docs/cuda.md).
  int gpus = 4;
  std::uint64_t memory_bytes = std::uint64_t{80} << 30;
  int fails_at = 0;     // the launch at which the GPU has an error that ends it; 0: none
  double slowdown = 1;  // of this process' GPU
  static constexpr int kSms = 132;

  int gpu = 0;  // cudaSetDevice
  cudaError_t sticky = cudaSuccess, last = cudaSuccess;

  CUstream_st* add_stream(int sms);
  CUstream_st* of(cudaStream_t stream) { return stream == nullptr ? &null_ : stream; }
  void drop(CUstream_st* stream);

  // A launch blocks its host while there are as many as a GPU takes: to be called without the lock.
  void wait_for_room(CUstream_st* stream);
  void enqueue_made(CUstream_st* stream, ItemMaker make);
  void enqueue(CUstream_st* stream, Item item);  // of one that keeps nothing in mind
  void enqueue_for(CUstream_st* stream, Ns time);
  void record(CUevent_st* event, CUstream_st* stream, bool external);
  void wait(CUstream_st* stream, CUevent_st* event);
  void end(const Capture& capture);
  // Each stream that was captured becomes one of its own, behind what `stream` has so far, which then awaits them all.
  void launch(const Capture& capture, CUstream_st* stream);

  // Goes on with all streams as far as can be.
  void advance();
  bool is_over(CUstream_st* stream);
  bool all_over();
  // The host has seen something that was over then.
  void seen(Ns time) { host_ = std::max(host_, time); }

  // Memory is a place in the address space that nobody can read.
  void* allocate(std::uint64_t bytes);  // null: there is none left
  bool free(void* at);
  bool holds(const void* at, std::uint64_t bytes) const;
  std::uint64_t held() const { return held_; }

  // A launch: counts, and fails where it was asked to. What comes back is kept as the last error.
  cudaError_t launch();
  cudaError_t tell(cudaError_t status);
  Ns slowed(double ns) const { return static_cast<Ns>(ns * slowdown + 0.5); }

  // The GPU's clock, as kernels have written it.
  std::map<const void*, Ns> marks;

 private:
  Machine();
  void append(CUstream_st* stream, Capture::Step step);
  void push(CUstream_st* stream, Item item) { stream->queue.push_back({std::move(item), host_}); }

  CUstream_st null_;
  std::vector<CUstream_st*> streams_;
  Ns host_ = 0;
  std::map<const char*, std::uint64_t> allocations_;
  std::uint64_t held_ = 0;
  int launches_ = 0;
};

using Locked = std::lock_guard<std::recursive_mutex>;

}  // namespace orrery::pretend
