#include "validate/transport/nccl.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace orrery::validate {
namespace {

constexpr auto kPoll = std::chrono::microseconds(100);
constexpr std::size_t kElement = 2;  // sums are of bf16

ncclConfig_t configuration() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  config.splitShare = 1;
  return config;
}

std::string bytes_of(const ncclUniqueId& id) {
  return std::string(id.internal, sizeof id.internal);
}

std::size_t elements(std::int64_t bytes) {
  return (static_cast<std::size_t>(bytes) + kElement - 1) / kElement;
}

}  // namespace

NcclTransport::NcclTransport(cuda::CudaDevice& device, cuda::CudaMover& mover, RankId self, Rendezvous& rendezvous,
                             Deadline deadline)
    : device_(device), mover_(mover), self_(self), rendezvous_(rendezvous), deadline_(deadline) {}

Result<std::unique_ptr<NcclTransport>> NcclTransport::open(cuda::CudaDevice& device, cuda::CudaMover& mover,
                                                           const sim::Workload& workload, RankId self,
                                                           Rendezvous& rendezvous, Deadline deadline) {
  std::unique_ptr<NcclTransport> made(new NcclTransport(device, mover, self, rendezvous, deadline));
  if (Errors errors = made->connect(workload); !errors.empty()) return errors;
  return made;
}

NcclTransport::~NcclTransport() {
  if (device_.failed()) abort();
  if (aborted_) return;
  // Children before the parent, whose resources they share.
  for (auto& [key, communicator] : communicators_)
    if (ncclCommFinalize(communicator) == ncclInProgress) settle(communicator, "leaving a group");
  for (auto& [key, communicator] : communicators_) ncclCommDestroy(communicator);
  if (world_ == nullptr) return;
  if (ncclCommFinalize(world_) == ncclInProgress) settle(world_, "leaving");
  ncclCommDestroy(world_);
}

void NcclTransport::abort() {
  if (aborted_) return;
  aborted_ = true;
  for (auto& [key, communicator] : communicators_) ncclCommAbort(communicator);
  if (world_ != nullptr) ncclCommAbort(world_);
}

bool NcclTransport::ok(ncclResult_t result, const char* doing) {
  if (result == ncclSuccess || result == ncclInProgress) return true;
  // What the GPU says of it tells more, and comes first.
  if (result == ncclUnhandledCudaError && !device_.faults().ok(cudaPeekAtLastError(), doing)) return false;
  const char* detail = ncclGetLastError(world_);
  device_.faults().add(std::string("NCCL, ") + doing + ": " + ncclGetErrorString(result) +
                       (detail != nullptr && *detail != '\0' ? std::string(" (") + detail + ")" : ""));
  return false;
}

bool NcclTransport::settle(ncclComm_t communicator, const char* doing) {
  const auto latest = std::chrono::steady_clock::now() + deadline_;
  for (;;) {
    ncclResult_t state = ncclSuccess;
    if (!ok(ncclCommGetAsyncError(communicator, &state), doing) || !ok(state, doing)) break;
    if (state == ncclSuccess) return true;
    if (const auto who = rendezvous_.lost()) {
      device_.faults().add(std::string("NCCL, ") + doing + ": " + *who);
      break;
    }
    if (std::chrono::steady_clock::now() > latest) {
      device_.faults().add(std::string("NCCL, ") + doing + ": no answer from peers within " +
                           std::to_string(deadline_.count()) + " s");
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  abort();
  return false;
}

Errors NcclTransport::connect(const sim::Workload& workload) {
  ncclUniqueId id{};
  if (self_.value == 0 && !ok(ncclGetUniqueId(&id), "an id for the run")) return device_.faults().errors();
  const auto told = rendezvous_.broadcast(bytes_of(id), deadline_);
  if (!told) return told.errors();
  if (told->size() != sizeof id.internal) return {{{}, "rank 0 sent something that is no NCCL id"}};
  std::memcpy(id.internal, told->data(), told->size());
  ncclConfig_t config = configuration();
  if (!ok(ncclCommInitRankConfig(&world_, static_cast<int>(workload.ranks()), id, static_cast<int>(self_.value),
                                 &config),
          "joining") ||
      !settle(world_, "joining"))
    return device_.faults().errors();
  for (const Split& one : plan_communicators(workload))
    if (Errors errors = split(one); !errors.empty()) return errors;
  return {};
}

Errors NcclTransport::split(const Split& split) {
  const PartOf mine = part_of(split, self_);
  ncclConfig_t config = configuration();
  ncclComm_t made = nullptr;
  const int color = mine.part < 0 ? NCCL_SPLIT_NOCOLOR : mine.part;
  if (!ok(ncclCommSplit(world_, color, mine.place, &made, &config), "splitting into groups") ||
      !settle(world_, "splitting into groups"))
    return device_.faults().errors();
  if (mine.part < 0) return {};
  const CommunicatorKey& key = split.parts[static_cast<std::size_t>(mine.part)];
  communicators_[key] = made;
  return settle(made, "joining a group") && use_once(key, made) ? Errors{} : device_.faults().errors();
}

bool NcclTransport::use_once(const CommunicatorKey& key, ncclComm_t communicator) {
  constexpr std::size_t kBytes = 16;
  mover_.reserve(self_, {static_cast<std::int64_t>(kBytes)});
  if (device_.failed()) return false;
  unsigned char* buffer = mover_.at({self_, false, {}});
  const char* doing = "a first transfer";
  ncclResult_t result = ncclSuccess;
  if (!key.is_pair) {
    result = ncclAllReduce(buffer, buffer, kBytes / kElement, ncclBfloat16, ncclSum, communicator, nullptr);
  } else if (key.members.front() == self_) {
    result = ncclSend(buffer, kBytes, ncclInt8, 1, communicator, nullptr);
  } else {
    result = ncclRecv(buffer, kBytes, ncclInt8, 0, communicator, nullptr);
  }
  return ok(result, doing) && settle(communicator, doing) && drain(doing);
}

bool NcclTransport::drain(const char* doing) {
  const auto latest = std::chrono::steady_clock::now() + deadline_;
  for (;;) {
    const cudaError_t status = cudaStreamQuery(nullptr);
    if (status == cudaSuccess) return true;
    if (status != cudaErrorNotReady) return device_.faults().ok(status, doing);
    const auto why = broken();
    if (why || std::chrono::steady_clock::now() > latest) {
      device_.faults().add(std::string("NCCL, ") + doing + ": " + (why ? *why : "no answer from peers"));
      abort();
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

ncclComm_t NcclTransport::communicator_of(const Exchange& exchange) {
  const bool is_pair = exchange.kind == sim::TransferKind::point_to_point;
  const std::uint16_t lane = is_pair ? exchange.tag : exchange.local.front().place.stream;
  const auto at = communicators_.find({{exchange.members.begin(), exchange.members.end()}, is_pair, lane});
  return at == communicators_.end() ? nullptr : at->second;
}

// Copies (all go to the host, the other way takes as long) and groups of one need nobody.
void NcclTransport::exchange(std::span<const Exchange> together) {
  std::vector<std::pair<const Exchange*, ncclComm_t>> all;
  for (const Exchange& exchange : together) {
    if (device_.failed() || aborted_) return;
    mover_.reserve(self_, exchange.bytes);
    if (sim::is_copy(exchange.kind)) {
      mover_.copy_to_host(exchange.local.front().stream, self_, exchange.bytes);
    } else if (const ncclComm_t communicator = communicator_of(exchange)) {
      all.emplace_back(&exchange, communicator);
    }
  }
  if (all.empty() || !ok(ncclGroupStart(), "a group of transfers")) return;
  for (const auto& [exchange, communicator] : all) enqueue(*exchange, communicator);
  if (!ok(ncclGroupEnd(), "a group of transfers")) return;
  // Not before this are they in their streams.
  for (const auto& [exchange, communicator] : all)
    if (!settle(communicator, "a transfer")) return;
}

void NcclTransport::enqueue(const Exchange& exchange, ncclComm_t communicator) {
  const cudaStream_t stream = device_.stream(exchange.local.front().stream);
  if (stream == nullptr) return;
  const Buffers buffers{mover_.at({self_, false, {}}), mover_.at({self_, true, {}})};
  if (exchange.kind == sim::TransferKind::point_to_point) {
    enqueue_message(exchange, communicator, buffers, stream);
  } else {
    enqueue_collective(exchange, communicator, buffers, stream);
  }
}

void NcclTransport::enqueue_message(const Exchange& exchange, ncclComm_t communicator, const Buffers& buffers,
                                    cudaStream_t stream) {
  const auto bytes = static_cast<std::size_t>(exchange.bytes.n);
  if (exchange.members.front() == self_) {
    ok(ncclSend(buffers.read, bytes, ncclInt8, 1, communicator, stream), "a send");
  } else {
    ok(ncclRecv(buffers.written, bytes, ncclInt8, 0, communicator, stream), "a receive");
  }
}

// Sizes in the sense of nccl-tests: of the whole buffer for all-gather, reduce-scatter,
// all-to-all, gather and scatter. Roots are the first of the group.
void NcclTransport::enqueue_collective(const Exchange& exchange, ncclComm_t communicator, const Buffers& buffers,
                                       cudaStream_t stream) {
  using sim::TransferKind;
  const auto n = static_cast<int>(exchange.members.size());
  const auto me =
      static_cast<int>(std::find(exchange.members.begin(), exchange.members.end(), self_) - exchange.members.begin());
  const auto bytes = static_cast<std::size_t>(exchange.bytes.n), chunk = bytes / static_cast<std::size_t>(n);
  const std::size_t sums = elements(exchange.bytes.n), chunk_sums = elements(static_cast<std::int64_t>(chunk));
  const auto at = [&](unsigned char* buffer, int i) { return buffer + static_cast<std::size_t>(i) * chunk; };
  const auto send = [&](int chunk_index, int to, std::size_t size) {
    ok(ncclSend(at(buffers.read, chunk_index), size, ncclInt8, to, communicator, stream), "a send");
  };
  const auto receive = [&](int chunk_index, int from, std::size_t size) {
    ok(ncclRecv(at(buffers.written, chunk_index), size, ncclInt8, from, communicator, stream), "a receive");
  };
  switch (exchange.kind) {
    case TransferKind::all_reduce:
      ok(ncclAllReduce(buffers.read, buffers.read, sums, ncclBfloat16, ncclSum, communicator, stream), "an all-reduce");
      break;
    case TransferKind::all_gather:
      ok(ncclAllGather(at(buffers.read, me), buffers.read, chunk, ncclInt8, communicator, stream), "an all-gather");
      break;
    case TransferKind::reduce_scatter:
      ok(ncclReduceScatter(buffers.read, buffers.read + static_cast<std::size_t>(me) * chunk_sums * kElement,
                           chunk_sums, ncclBfloat16, ncclSum, communicator, stream),
         "a reduce-scatter");
      break;
    case TransferKind::broadcast:
      ok(ncclBroadcast(buffers.read, buffers.read, bytes, ncclInt8, 0, communicator, stream), "a broadcast");
      break;
    case TransferKind::reduce:
      ok(ncclReduce(buffers.read, buffers.read, sums, ncclBfloat16, ncclSum, 0, communicator, stream), "a reduce");
      break;
    case TransferKind::all_to_all:
      for (int peer = 0; peer < n; ++peer) send(peer, peer, chunk), receive(peer, peer, chunk);
      break;
    case TransferKind::gather:
      send(me, 0, chunk);
      for (int peer = 0; me == 0 && peer < n; ++peer) receive(peer, peer, chunk);
      break;
    case TransferKind::scatter:
      for (int peer = 0; me == 0 && peer < n; ++peer) send(peer, peer, chunk);
      receive(me, 0, chunk);
      break;
    case TransferKind::ring_shift:
      send(0, (me + 1) % n, bytes);
      receive(0, (me + n - 1) % n, bytes);
      break;
    case TransferKind::point_to_point:
    case TransferKind::copy:
    case TransferKind::copy_in:
      break;
  }
}

std::optional<std::string> NcclTransport::broken() {
  std::optional<std::string> why = rendezvous_.lost();
  ncclResult_t state = ncclSuccess;
  const auto look = [&](ncclComm_t communicator) {
    if (why || communicator == nullptr) return;
    if (ncclCommGetAsyncError(communicator, &state) != ncclSuccess || (state != ncclSuccess && state != ncclInProgress))
      why = std::string("NCCL: ") + ncclGetErrorString(state);
  };
  look(world_);
  for (const auto& [key, communicator] : communicators_) look(communicator);
  if (why) abort();
  return why;
}

void NcclTransport::meet() {
  if (device_.failed() || aborted_) return;
  mover_.reserve(self_, {static_cast<std::int64_t>(kElement)});
  unsigned char* one = mover_.at({self_, false, {}});
  if (device_.failed()) return;
  const char* doing = "the common beginning";
  if (ok(ncclAllReduce(one, one, 1, ncclBfloat16, ncclSum, world_, nullptr), doing) && settle(world_, doing))
    drain(doing);
}

std::string nccl_version() {
  int version = 0;
  ncclGetVersion(&version);
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

std::string NcclTransport::name() const {
  return "NCCL " + nccl_version();
}

}  // namespace orrery::validate
