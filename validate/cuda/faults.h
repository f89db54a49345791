#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <string>

#include "sim/base/result.h"
#include "validate/device.h"

namespace orrery::validate::cuda {

// The first thing that went wrong. GPUs tell of faults late and then at every call,
// so what comes behind the first says nothing new.
class Faults {
 public:
  // False, and kept, when `status` is a fault. `doing` is what was asked for.
  bool ok(cudaError_t status, const char* doing);
  bool ok(cublasStatus_t status, const char* doing);
  void add(const std::string& what, Fault kind = Fault::input);

  bool failed() const { return !errors_.empty(); }
  const Errors& errors() const { return errors_; }
  // Which op the calls from now on belong to, for messages.
  void at(const Place& place) { place_ = place, has_place_ = true; }

 private:
  Errors errors_;
  Place place_{};
  bool has_place_ = false;
};

}  // namespace orrery::validate::cuda
