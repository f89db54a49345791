#pragma once

#include <deque>
#include <memory>
#include <string>

#include "models/compute/calibration/calibration.h"
#include "models/compute/drawing.h"
#include "models/compute/kernel.h"
#include "models/software/stack.h"
#include "topology/hardware.h"

namespace orrery::models {

struct KernelTime {
  Duration time;             // rounded to 1 ns
  double low = 0, high = 0;  // seconds, from the tier's known error
  int tier = 1;              // 0 datasheet, 1 fitted curve, 2 measured residual, 3 measured exactly
};

// From a kernel's shape to its time on one GPU. With a calibration: as measured,
// else the curve (measured where there is one) corrected by what was measured
// nearby; the stack's slowdown against our own curves then stays out of what was measured. A drawing
// takes each kernel's time from low to high as the 95 % interval that they are.
// Answers depend on the arguments alone and are equal on every machine (portable_math.h).
class CostModel {
 public:
  CostModel(const topology::GpuSpec& gpu, const Stack& stack, const Calibration* calibration = nullptr,
            const Drawing& drawing = {});
  ~CostModel();
  KernelTime time(const Kernel& kernel) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of every kind of GPU in a cluster, by its kinds of nodes. A calibration is of one GPU: of a
// cluster whose nodes are all alike.
std::deque<CostModel> cost_models(const topology::ClusterSpec& cluster, const Stack& stack,
                                  const Calibration* calibration = nullptr, const Drawing& drawing = {});

}  // namespace orrery::models
