#pragma once

#include <nccl.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "validate/cuda/mover.h"
#include "validate/plan/communicators.h"
#include "validate/processes/rendezvous.h"
#include "validate/transport/transport.h"

namespace orrery::validate {

// Transfers by NCCL, one rank a process. Communicators do not block: every call is
// waited for with a deadline, and while it waits it listens for peers that are gone, so
// that a missing one is an error with its name.
class NcclTransport final : public Transport {
 public:
  using Deadline = std::chrono::seconds;

  // All ranks of the workload open theirs together.
  static Result<std::unique_ptr<NcclTransport>> open(cuda::CudaDevice& device, cuda::CudaMover& mover,
                                                     const sim::Workload& workload, RankId self, Rendezvous& rendezvous,
                                                     Deadline deadline);
  ~NcclTransport() override;

  void exchange(std::span<const Exchange> together) override;

  // Why nothing will come any more, if so: a fault of NCCL, or a process that is gone.
  std::optional<std::string> broken();
  // One element summed over all ranks, and waited for: a common beginning.
  void meet();
  std::string name() const;

 private:
  struct Buffers {
    unsigned char *read, *written;
  };
  NcclTransport(cuda::CudaDevice& device, cuda::CudaMover& mover, RankId self, Rendezvous& rendezvous,
                Deadline deadline);
  Errors connect(const sim::Workload& workload);
  Errors split(const Split& split);
  // One small transfer: connections are made at first use, and then both sides wait for
  // each other on their hosts, which in the order of a program they might do in a ring.
  bool use_once(const CommunicatorKey& key, ncclComm_t communicator);
  // Waits for the default stream.
  bool drain(const char* doing);
  bool ok(ncclResult_t result, const char* doing);
  // Until the communicator has done what it was told, or it is clear that it never will.
  bool settle(ncclComm_t communicator, const char* doing);
  void enqueue(const Exchange& exchange, ncclComm_t communicator);
  void enqueue_message(const Exchange& exchange, ncclComm_t communicator, const Buffers& buffers, cudaStream_t stream);
  void enqueue_collective(const Exchange& exchange, ncclComm_t communicator, const Buffers& buffers,
                          cudaStream_t stream);
  ncclComm_t communicator_of(const Exchange& exchange);
  void abort();

  cuda::CudaDevice& device_;
  cuda::CudaMover& mover_;
  RankId self_;
  Rendezvous& rendezvous_;
  Deadline deadline_;
  ncclComm_t world_ = nullptr;
  std::map<CommunicatorKey, ncclComm_t> communicators_;
  bool aborted_ = false;
};

// "2.28.9"
std::string nccl_version();

}  // namespace orrery::validate
