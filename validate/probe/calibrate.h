#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "topology/hardware.h"
#include "validate/probe/plan.h"
#include "validate/probe/session/bench.h"
#include "validate/probe/session/session.h"

namespace orrery::validate {

struct CalibrateOptions {
  BenchOptions bench;
  std::string folder;  // of finished blocks: a run that was interrupted goes on there
  Wanted wanted;
  double share = 1;                            // of the ten minutes that blocks may take
  std::map<std::string, std::string> machine;  // driver, cuda, nccl, host_cpu…
  std::map<std::string, std::string> tool;     // version, commit…
  // Told of all kernels before the first is launched, each once.
  std::function<Errors(std::span<const models::Kernel>)> prepare = [](std::span<const models::Kernel>) {
    return Errors{};
  };
  std::function<void(const std::string&)> tell = [](const std::string&) {};
};

struct Calibrated {
  std::optional<models::Calibration> calibration;  // none when it did not come to its end
  std::size_t finished = 0, resumed = 0, blocks = 0;
  bool interrupted = false;
  Errors faults;
};

// Measures a device by all probes and fits the curves of `gpu` to it. What another
// machine, another version or another seed has left in the folder is measured anew.
Calibrated calibrate(const topology::GpuSpec& gpu, Device& device, Transport& transport,
                     const CalibrateOptions& options);

}  // namespace orrery::validate
