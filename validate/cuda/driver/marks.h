#pragma once

#include <map>

#include "validate/device.h"

struct nvtxDomainRegistration_st;
struct nvtxStringRegistration_st;

namespace orrery::validate::cuda {

// Ranges that a profiler shows around what an op enqueues: domain "sim", the rank as
// message, the step as category, stream and op as payload (stream * 2^32 + op). Without a
// profiler they cost a look at a pointer.
class Marks {
 public:
  Marks();
  ~Marks();
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;

  void begin(const Place& place);
  void end();

 private:
  nvtxStringRegistration_st* name_of(RankId rank);

  nvtxDomainRegistration_st* domain_;
  std::map<RankId, nvtxStringRegistration_st*> names_;
};

}  // namespace orrery::validate::cuda
