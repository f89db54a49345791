#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "validate/memory/rank_memory.h"
#include "validate/processes/rendezvous.h"
#include "validate/run_record.h"
#include "validate/transport/copies.h"

namespace orrery::validate {

struct BackendOptions {
  int gpu = 0;
  std::vector<RankId> ranks;  // of this process: one, or all as virtual ranks of one GPU
  bool partition = true;      // virtual ranks: an equal share of the SMs for each
  int sms_a_rank = 0;         // of a partition; 0: as many as there are
  bool graph = false;         // what is enqueued becomes one CUDA graph
  bool host_ops = true;       // ops of the CPU take their planned time on the GPU; else none
  RankMemory::Options allocators;
  std::chrono::seconds deadline{120};
  ImposedTime imposed;                      // virtual ranks: links
  Rendezvous* rendezvous = nullptr;         // one rank a process: where they meet
  const std::atomic<bool>* stop = nullptr;  // Ctrl-C
};

// A GPU with a transport, opened for the ranks of a workload. The only door to CUDA and
// NCCL; nothing in front of it needs their headers.
class Backend {
 public:
  // An error without a GPU, or when a peer does not come.
  static Result<std::unique_ptr<Backend>> open(const BackendOptions& options, const sim::Workload& workload);
  static int gpus();
  // As the driver calls it: "NVIDIA H100 80GB HBM3".
  static std::string gpu_name(int gpu);
  // Versions: driver, cuda, cublaslt, nccl.
  static std::map<std::string, std::string> versions();
  virtual ~Backend() = default;

  virtual Device& device() = 0;
  virtual Transport& transport() = 0;
  // Operands, algorithms, buffers and connections for these kernels and the workload's
  // transfers; ends when all processes have it.
  virtual Errors prepare(std::span<const models::Kernel> kernels) = 0;
  // Device, transport, memory, conditions, notes.
  virtual void describe(RunRecord& record) const = 0;
  // Of the GPU since this was last asked, or since prepare().
  virtual Conditions conditions() = 0;
};

// The largest transfer of a rank: what its buffers must hold.
Bytes largest_transfer(const sim::Workload& workload, RankId rank);

}  // namespace orrery::validate
