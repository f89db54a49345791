#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::topology {

// What stands between two devices in `nvidia-smi topo -m`: NVLinks, or the worst
// part of the PCIe path.
struct SmiPath {
  enum class Kind { self, nvlink, pix, pxb, phb, node, sys };
  Kind kind = Kind::sys;
  int nvlinks = 0;
};

struct SmiDevice {
  std::string name;  // "GPU0", "NIC3", "mlx5_0"
  bool gpu = false;
  int numa = -1;               // -1: not told
  std::vector<SmiPath> paths;  // to every device, in order
  Where where;
};

struct SmiTopology {
  std::vector<SmiDevice> devices;  // as listed

  std::vector<std::size_t> gpus() const;
  std::vector<std::size_t> nics() const;
};

// All faults at once: rows that do not match the header, words that nobody knows,
// a matrix that differs from its mirror image. `file` only appears in messages.
Result<SmiTopology> parse_nvidia_smi(std::string_view text, const std::string& file);

}  // namespace orrery::topology
