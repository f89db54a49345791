#include <algorithm>

#include "topology/read/nccl/nccl_system.h"

namespace orrery::topology {
namespace {

template <class Wanted>
void collect(const NcclCpu& cpu, const NcclPci& pci, std::vector<const NcclPci*>& above, Wanted wanted,
             std::vector<PciPath>& found) {
  above.push_back(&pci);
  if (wanted(pci)) found.push_back({&cpu, above});
  for (const NcclPci& child : pci.children) collect(cpu, child, above, wanted, found);
  above.pop_back();
}

template <class Wanted>
std::vector<PciPath> devices_of(const NcclSystem& system, Wanted wanted) {
  std::vector<PciPath> found;
  std::vector<const NcclPci*> above;
  for (const NcclCpu& cpu : system.cpus)
    for (const NcclPci& pci : cpu.pci) collect(cpu, pci, above, wanted, found);
  return found;
}

// Stable, and only where every device has a number.
template <class Number>
void sort_by(std::vector<PciPath>& paths, Number number) {
  if (std::any_of(paths.begin(), paths.end(), [&](const PciPath& p) { return !number(p.device()); })) return;
  std::stable_sort(paths.begin(), paths.end(),
                   [&](const PciPath& a, const PciPath& b) { return *number(a.device()) < *number(b.device()); });
}

}  // namespace

std::string_view to_string(PciClass kind) {
  switch (kind) {
    case PciClass::unknown:
      return "unknown";
    case PciClass::gpu:
      return "GPU";
    case PciClass::infiniband:
      return "InfiniBand";
    case PciClass::ethernet:
      return "Ethernet";
    case PciClass::bridge:
      return "PCI bridge";
    case PciClass::nvswitch:
      return "NVSwitch";
    case PciClass::other:
      return "other";
  }
  return "";
}

std::vector<PciPath> gpus_of(const NcclSystem& system) {
  std::vector<PciPath> gpus = devices_of(system, [](const NcclPci& pci) { return pci.is_gpu(); });
  sort_by(gpus, [](const NcclPci& pci) { return pci.gpu ? pci.gpu->dev : std::nullopt; });
  return gpus;
}

std::vector<PciPath> nics_of(const NcclSystem& system) {
  std::vector<PciPath> nics = devices_of(system, [](const NcclPci& pci) { return pci.is_nic(); });
  sort_by(nics, [](const NcclPci& pci) { return pci.nets.empty() ? std::nullopt : pci.nets.front().dev; });
  return nics;
}

PathType path_between(const PciPath& a, const PciPath& b) {
  if (a.cpu != b.cpu) return PathType::sys;
  std::size_t common = 0;
  while (common < a.devices.size() && common < b.devices.size() && a.devices[common] == b.devices[common]) ++common;
  if (common == 0) return PathType::phb;
  const bool under_one_switch = a.devices.size() - common <= 1 && b.devices.size() - common <= 1;
  return under_one_switch ? PathType::pix : PathType::pxb;
}

}  // namespace orrery::topology
