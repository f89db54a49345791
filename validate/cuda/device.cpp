#include "validate/cuda/device.h"

#include <algorithm>
#include <thread>

namespace orrery::validate::cuda {
namespace {

constexpr auto kPoll = std::chrono::microseconds(200);
constexpr int kGraphRuns = 2;  // the first warms up

}  // namespace

CudaDevice::CudaDevice(const DeviceOptions& options)
    : options_(options),
      memory_(options.allocators, sources()),
      arena_(faults_, 128),
      attention_(faults_, arena_),
      events_(faults_) {}

Result<std::unique_ptr<CudaDevice>> CudaDevice::open(const DeviceOptions& options) {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0)
    return Error{{}, "no GPU here (the CUDA runtime finds none)", Fault::unsupported};
  if (options.gpu >= count)
    return Error{{},
                 "GPU " + std::to_string(options.gpu) + " is asked for, but there are " + std::to_string(count),
                 Fault::unsupported};
  std::unique_ptr<CudaDevice> device(new CudaDevice(options));
  if (Errors errors = device->start(); !errors.empty()) return errors;
  return device;
}

Errors CudaDevice::start() {
  if (!faults_.ok(cudaSetDevice(options_.gpu), "the GPU")) return faults_.errors();
  if (!faults_.ok(cudaFree(nullptr), "a context on the GPU")) return faults_.errors();
  faults_.ok(cudaDeviceGetAttribute(&sms_, cudaDevAttrMultiProcessorCount, options_.gpu), "the GPU's SMs");
  if (options_.partition) {
    auto made = Partitions::create(options_.gpu, static_cast<int>(options_.ranks.size()), options_.sms_a_rank);
    if (!made) return made.errors();
    partitions_ = std::move(made).value();
    sms_ = partitions_->sms();
  }
  gemms_ = std::make_unique<Gemms>(faults_, arena_, partitions_ ? sms_ : 0);
  faults_.ok(cudaDeviceGetStreamPriorityRange(nullptr, &first_in_line_), "priorities of streams");
  origin_ = make_stream(options_.ranks.empty() ? RankId{0} : options_.ranks.front(), false, 0);
  return faults_.errors();
}

CudaDevice::~CudaDevice() {
  if (capturing_) {
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(origin_, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
  for (const Stream& stream : streams_)
    if (!stream.shared) destroy_stream(stream.handle);
  destroy_stream(origin_);
}

// Streams of partitions belong to those.
void CudaDevice::destroy_stream(cudaStream_t stream) {
  if (stream != nullptr && !partitions_) cudaStreamDestroy(stream);
}

StreamHandle CudaDevice::add_stream(RankId rank, const std::string& name, StreamUse use) {
  const bool is_first =
      std::none_of(streams_.begin(), streams_.end(), [rank](const Stream& s) { return s.rank == rank; });
  streams_.push_back({rank, name, use, is_first ? 0 : first_in_line_});
  return static_cast<StreamHandle>(streams_.size() - 1);
}

int CudaDevice::partition_of(RankId rank) const {
  for (std::size_t i = 0; i < options_.ranks.size(); ++i)
    if (options_.ranks[i] == rank) return static_cast<int>(i);
  return 0;
}

cudaStream_t CudaDevice::make_stream(RankId rank, bool beside, int priority) {
  cudaStream_t made = nullptr;
  if (partitions_) {
    made = partitions_->stream(partition_of(rank), beside, priority);
    if (made == nullptr) faults_.add("no stream in the SM partition of rank " + std::to_string(rank.value));
    return made;
  }
  faults_.ok(cudaStreamCreateWithPriority(&made, cudaStreamNonBlocking, priority), "a stream");
  return made;
}

// The device's beginning: everything else comes behind it.
bool CudaDevice::begin() {
  if (begun_) return true;
  begun_ = true;
  began_ = last_over_ = std::chrono::steady_clock::now();
  find_queues();
  if (options_.graph) {
    if (!faults_.ok(cudaStreamBeginCapture(origin_, cudaStreamCaptureModeRelaxed), "graph mode: beginning to capture"))
      return false;
    capturing_ = true;
  }
  events_.record(origin_, true, capturing_);
  return !faults_.failed();
}

void CudaDevice::find_queues() {
  const auto used =
      std::count_if(streams_.begin(), streams_.end(), [](const Stream& s) { return s.use != StreamUse::nothing; });
  shares_queues_ = options_.ranks.size() > 1 && !options_.graph && static_cast<std::size_t>(used) > kQueues;
}

cudaStream_t CudaDevice::stream(StreamHandle handle) {
  if (failed() || !begin()) return nullptr;
  Stream& s = streams_[handle];
  s.moved = true;
  if (s.handle != nullptr) return s.handle;
  if (s.use == StreamUse::messages && shares_queues_) {
    s.handle = stream_of_messages(s.rank);
    s.shared = s.handle != nullptr;
    if (s.shared) return s.handle;
  }
  s.handle = make_stream(s.rank, s.use != StreamUse::kernels, s.priority);
  if (failed()) return nullptr;
  faults_.ok(cudaStreamWaitEvent(s.handle, events_.order_of(kBeginning), 0), "a stream's beginning");
  return s.handle;
}

cudaStream_t CudaDevice::stream_of_messages(RankId rank) const {
  for (const Stream& s : streams_)
    if (s.rank == rank && s.use == StreamUse::messages && s.handle != nullptr) return s.handle;
  return nullptr;
}

// After a fault everything has: nothing is enqueued any more.
bool CudaDevice::has_come(EventHandle event) {
  if (failed() || event == kBeginning) return true;
  const cudaError_t status = cudaEventQuery(events_.order_of(event));
  const auto now = std::chrono::steady_clock::now();
  if (status != cudaErrorNotReady) {
    last_over_ = now;
    return faults_.ok(status, "executing what was enqueued"), true;
  }
  cudaGetLastError();  // that it has not come yet is no error
  if (now - last_over_ > options_.deadline)
    faults_.add("nothing ended within " + std::to_string(options_.deadline.count()) + " s");
  if (now - last_watched_ > kPoll) {
    last_watched_ = now;
    if (const auto why = given_up()) faults_.add("given up: " + *why);
  }
  return false;
}

std::optional<std::string> CudaDevice::given_up() {
  return broken_ ? broken_() : std::nullopt;
}

// All but the beginning. A graph keeps its own.
void CudaDevice::forget_events() {
  if (options_.graph || !begun_) return;
  events_.forget();
  for (Stream& s : streams_) s.last = kBeginning, s.moved = false;
}

EventHandle CudaDevice::record(StreamHandle handle) {
  return record_behind(handle, false);
}

EventHandle CudaDevice::record_timed(StreamHandle handle) {
  return record_behind(handle, true);
}

EventHandle CudaDevice::record_behind(StreamHandle handle, bool timed) {
  Stream& s = streams_[handle];
  if (failed() || (!s.moved && (!timed || !begun_ || events_.is_timed(s.last)))) return s.last;
  s.last = events_.record(s.handle, timed, capturing_);
  s.moved = false;
  return s.last;
}

void CudaDevice::wait(StreamHandle handle, EventHandle event) {
  if (failed() || event == kBeginning) return;
  const cudaStream_t s = stream(handle);
  if (s == nullptr) return;
  faults_.ok(cudaStreamWaitEvent(s, events_.order_of(event), 0), "waiting for an event");
}

std::size_t CudaDevice::streams() const {
  return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(),
                                                [](const Stream& s) { return s.handle != nullptr && !s.shared; }));
}

RankMemory::Sources CudaDevice::sources() {
  if (options_.graph) return {};
  return [this](RankId) { return std::make_unique<Segments>(faults_, [this] { return wait_for_all(); }); };
}

std::optional<BufferHandle> CudaDevice::allocate(StreamHandle handle, std::span<const Bytes> tensors) {
  if (failed()) return std::nullopt;
  return memory_.allocate(streams_[handle].rank, tensors);
}

void CudaDevice::free(StreamHandle, BufferHandle buffer) {
  if (!failed()) memory_.free(buffer);
}

Errors CudaDevice::synchronize() {
  if (failed() || !begun_) return faults_.errors();
  enqueue_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  if (capturing_) {
    launch_graph();
  } else {
    wait_for_all();
  }
  return faults_.errors();
}

bool CudaDevice::wait_for_all() {
  return std::all_of(streams_.begin(), streams_.end(),
                     [this](const Stream& s) { return s.handle == nullptr || wait_for(s.handle, s); });
}

// What was captured ends in the stream where it began, so that stream awaits all others.
void CudaDevice::launch_graph() {
  for (const Stream& s : streams_) {
    if (s.handle == nullptr) continue;
    const EventHandle end = events_.record(s.handle, false, true);
    if (failed()) return;
    faults_.ok(cudaStreamWaitEvent(origin_, events_.order_of(end), 0), "graph mode: joining streams");
  }
  cudaGraph_t graph = nullptr;
  capturing_ = false;
  if (!faults_.ok(cudaStreamEndCapture(origin_, &graph), "graph mode: ending the capture")) return;
  cudaGraphExec_t executable = nullptr;
  if (faults_.ok(cudaGraphInstantiate(&executable, graph, 0), "graph mode: making a graph of the run")) {
    for (int i = 0; i < kGraphRuns && !failed(); ++i) {
      if (meet_) meet_();
      if (faults_.ok(cudaGraphLaunch(executable, origin_), "graph mode: launching"))
        wait_for(origin_, {.rank = {}, .name = "graph"});
    }
    cudaGraphExecDestroy(executable);
  }
  cudaGraphDestroy(graph);
}

// Looks again and again, since a stream that a lost peer holds up would never end.
bool CudaDevice::wait_for(cudaStream_t stream, const Stream& of) {
  const auto latest = std::chrono::steady_clock::now() + options_.deadline;
  for (;;) {
    const cudaError_t status = cudaStreamQuery(stream);
    if (status == cudaSuccess) return true;
    if (status != cudaErrorNotReady) return faults_.ok(status, "executing what was enqueued");
    const std::string where = "stream '" + of.name + "' of rank " + std::to_string(of.rank.value);
    if (const auto why = given_up()) {
      faults_.add(where + " was given up: " + *why);
      return false;
    }
    if (std::chrono::steady_clock::now() > latest) {
      faults_.add(where + " did not end within " + std::to_string(options_.deadline.count()) + " s");
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace orrery::validate::cuda
