#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::topology {

// NCCL's topology XML (NCCL_TOPO_FILE, NCCL_TOPO_DUMP_FILE): one node as NCCL sees
// it. Anything may be missing, since clouds ship bare PCI trees; what is there is
// checked. Source of the format: NVIDIA/nccl src/graph/xml.cc and topo.cc.

// Upper 16 bits of a PCI class code: 0x0302 is a GPU.
enum class PciClass { unknown, gpu, infiniband, ethernet, bridge, nvswitch, other };
std::string_view to_string(PciClass kind);

struct PcieLink {
  double gigatransfers = 0;  // a second and lane; 0: not told
  int width = 0;             // lanes; 0: not told
};

struct NcclNvlink {
  std::string target;  // bus id of a GPU, a switch or a CPU
  int count = 0;
  PciClass target_class = PciClass::unknown;
  Where where;
};

struct NcclGpu {
  std::optional<int> dev, sm, rank;
  std::vector<NcclNvlink> nvlinks;
  int c2c = 0;  // links to a Grace CPU
  Where where;
};

struct NcclNet {
  std::string name;
  std::optional<int> dev;
  std::optional<double> megabits;  // a second; absent where NCCL would take 10,000
  double latency_us = 0;
  int port = 0;
  std::string guid;
  bool collnet = false;  // reduces in the network
  Where where;
};

struct NcclPci {
  std::string busid;
  PciClass kind = PciClass::unknown;
  std::string vendor, device;  // "0x10de", "0x2330"; empty: not told
  PcieLink link;
  std::optional<NcclGpu> gpu;
  std::vector<NcclNet> nets;
  std::vector<NcclPci> children;
  Where where;

  bool is_gpu() const { return gpu.has_value() || kind == PciClass::gpu; }
  bool is_nic() const { return !nets.empty() || kind == PciClass::infiniband || kind == PciClass::ethernet; }
};

struct NcclCpu {
  int numaid = 0;
  std::string arch, vendor;  // "x86_64", "GenuineIntel"; empty: not told
  std::vector<NcclPci> pci;
  std::vector<NcclNet> nets;  // without a PCI device: sockets
  Where where;
};

struct NcclSystem {
  std::vector<NcclCpu> cpus;
  std::vector<std::string> unknown;  // elements that nobody knows, each once
  Where where;
};

// All faults at once: attributes of a wrong type, two devices with one bus id, two
// GPUs with one dev or rank, NVLinks to GPUs that do not exist or that disagree
// about their number. `file` only appears in messages.
Result<NcclSystem> parse_nccl_system(std::string_view text, const std::string& file);

// A device and the bridges above it, from the CPU down.
struct PciPath {
  const NcclCpu* cpu = nullptr;
  std::vector<const NcclPci*> devices;  // the device itself is last

  const NcclPci& device() const { return *devices.back(); }
};

// GPUs by `dev` where all have one, else in the order of the file; NICs likewise.
std::vector<PciPath> gpus_of(const NcclSystem& system);
std::vector<PciPath> nics_of(const NcclSystem& system);

// How near two devices stand, as NCCL and nvidia-smi name it.
enum class PathType { pix, pxb, phb, sys };
PathType path_between(const PciPath& a, const PciPath& b);

}  // namespace orrery::topology
