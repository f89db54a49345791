#pragma once

#include <vector>

#include "topology/hardware.h"
#include "validate/probe/family/asked_transfers.h"
#include "validate/probe/family/sequences.h"
#include "validate/probe/session/block.h"

namespace orrery::validate {

// The probes, a file a family. Each gives a block that measures it.

// Kernels of any kind, twice over in two orders, the first `wanted` before the others; the
// gap between the passes is kept as the block's repeatability. Those that the device cannot run, or for
// which no time is left, are counted (tell_quality).
Block probe_kernels(const std::string& name, const std::vector<models::Kernel>& kernels, std::size_t wanted,
                    double budget);

// Rates at their best and, of products, after seconds of load: gemm.bf16, gemm.bf16.hot, copy_d2d, triad…
Block probe_peaks(const topology::GpuSpec& gpu, double budget);

// What surrounds kernels: empty_kernel_s (queued), eager_s (not), event_s, stream_dependency_s, cpu_issue_s.
Block probe_launch(double budget);

// Between host and device.
Block probe_copies(double budget);

// Those that are asked for; then, unless those are enough, every operation, by powers of two from
// 64 B to 1 GiB, in groups of 2, 4, 8… ranks.
enum class Sizes { asked_for, spread };
Block probe_collectives(const std::vector<AskedTransfer>& asked, Sizes sizes, double budget);

// What kernels and a collective beside them take from each other, as shares of their time alone.
Block probe_interference(double budget);

// Sequences of kernels as they follow each other in a program: layers of the calibration's checks,
// measured; what it predicts of them is for whoever has the fits.
Block probe_checks(const std::vector<KernelSequence>& sequences, double budget);

}  // namespace orrery::validate
