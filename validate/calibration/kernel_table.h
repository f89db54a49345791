#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::validate {

// Timed kernels as CSV: a header, then a kernel a line with its time in `t_us`. The
// columns say what it is (others are passed over):
//   m, n, k            a product; dtype, batch, role (fwd | dgrad | wgrad), accumulate optional
//   seq, heads         causal attention; batch, kv_heads, head_dim, dtype, pass (fwd | bwd) optional
//   family, bytes      a memory-bound kernel
// Lines without a time are passed over; a kernel that occurs more than once has the
// median of its times, and their range as its interval. Faults are told with their lines.
Result<std::vector<models::KernelPoint>> parse_kernel_table(std::string_view text, const std::string& file);
// Also through gzip, where the name ends in .gz.
Result<std::vector<models::KernelPoint>> read_kernel_table(const std::string& path);

}  // namespace orrery::validate
