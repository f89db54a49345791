#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <vector>

#include "sim/base/result.h"

namespace orrery::validate::cuda {

// A GPU cut into equal sets of SMs, by green contexts of the driver (12.5 or newer).
// Kernels of a stream of one partition run on its SMs alone; memory, L2 and power stay shared.
// Where SMs are left, each partition has a few more for what runs beside its kernels.
class Partitions {
 public:
  // An error, with the reason, where driver or GPU cannot.
  // `sms`: of each; 0: as many as there are.
  static Result<std::unique_ptr<Partitions>> create(int gpu, int count, int sms = 0);
  virtual ~Partitions() = default;

  virtual int sms() const = 0;         // of each
  virtual int sms_beside() const = 0;  // of each; 0 where none are left
  // A stream that waits for no other; null when the driver refuses.
  virtual cudaStream_t stream(int partition, bool beside, int priority) = 0;
};

}  // namespace orrery::validate::cuda
