#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// One kind of kernel: what it computes and moves, and how long it takes.
struct KernelWork {
  std::string name;
  std::uint64_t count = 0;
  double flops = 0, bytes = 0;  // of one; bytes: each operand once
  double seconds = 0;           // of one, the mean

  double intensity() const { return bytes > 0 ? flops / bytes : 0; }
  double rate() const { return seconds > 0 ? flops / seconds : 0; }  // FLOP/s
  double total() const { return seconds * static_cast<double>(count); }
};

// What a GPU can do at most: min(peak, bandwidth x intensity).
struct Roof {
  std::string name;  // of the number format
  double flops_per_s = 0;
};

struct Roofline {
  std::vector<KernelWork> kernels;  // what takes the longest in all first
  std::vector<Roof> roofs;          // where the GPU is known
  double bytes_per_s = 0;           // of its memory; 0: not known
  std::uint64_t memory_bound = 0;   // kinds of kernels that compute next to nothing, left out
  double memory_bound_seconds = 0;  // and what they take in all

  // The most that its intensity allows on this GPU, or 0.
  double limit(const KernelWork& kernel) const;
};

// Of a trace whose events say "flops" and "bytes"; without kernels where none does, and
// where `go_on` gives up.
Roofline roofline_of(const TraceModel& model, const GoOn& go_on = {});

}  // namespace orrery::gui
