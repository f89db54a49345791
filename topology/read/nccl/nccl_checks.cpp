#include "topology/read/nccl/nccl_checks.h"

#include <map>

namespace orrery::topology {
namespace {

using ByBusid = std::map<std::string, const NcclPci*>;

constexpr std::size_t kMostDevices = 512;  // of a kind in one node

std::string line_of(const Where& where) {
  return "; the first is in line " + std::to_string(where.line);
}

void check_cpus(const NcclSystem& system, Errors& errors) {
  std::map<int, const NcclCpu*> seen;
  for (const NcclCpu& cpu : system.cpus) {
    if (cpu.numaid < 0) continue;
    const auto [first, fresh] = seen.emplace(cpu.numaid, &cpu);
    if (!fresh)
      errors.push_back(
          {cpu.where, "a second <cpu numaid=\"" + std::to_string(cpu.numaid) + "\">" + line_of(first->second->where)});
  }
}

void note_number(std::map<int, const NcclGpu*>& seen, std::optional<int> number, const NcclGpu& gpu,
                 const std::string& what, Errors& errors) {
  if (!number) return;
  const auto [first, fresh] = seen.emplace(*number, &gpu);
  if (!fresh)
    errors.push_back(
        {gpu.where, "two GPUs with " + what + " " + std::to_string(*number) + line_of(first->second->where)});
}

void check_gpus(const std::vector<PciPath>& gpus, Errors& errors) {
  std::map<int, const NcclGpu*> devs, ranks;
  for (const PciPath& path : gpus) {
    const auto& gpu = path.device().gpu;
    if (!gpu) continue;
    note_number(devs, gpu->dev, *gpu, "dev", errors);
    note_number(ranks, gpu->rank, *gpu, "rank", errors);
  }
}

int links_to(const NcclPci& pci, const std::string& target) {
  int count = 0;
  if (pci.gpu)
    for (const NcclNvlink& link : pci.gpu->nvlinks)
      if (link.target == target) count += link.count;
  return count;
}

// Between GPUs both ends list the link, each with the same number of wires.
void check_nvlink(const NcclPci& pci, const NcclNvlink& link, const ByBusid& gpus, Errors& errors) {
  if (link.target.empty() || link.count == 0) return;
  if (link.target == pci.busid) {
    errors.push_back({link.where, "an NVLink from a GPU to itself"});
    return;
  }
  const auto peer = gpus.find(link.target);
  if (peer == gpus.end()) {
    if (link.target_class == PciClass::gpu)
      errors.push_back({link.where, "an NVLink to " + link.target + ", but the file has no GPU there"});
    return;
  }
  const int there = links_to(pci, link.target), back = links_to(*peer->second, pci.busid);
  if (back != there)
    errors.push_back({link.where, pci.busid + " lists " + std::to_string(there) + " NVLinks to " + link.target +
                                      ", which lists " + std::to_string(back) + " back"});
}

}  // namespace

Errors check_nccl_system(const NcclSystem& system) {
  Errors errors;
  const std::vector<PciPath> gpus = gpus_of(system);
  if (gpus.size() > kMostDevices || nics_of(system).size() > kMostDevices)
    return {{system.where, "more than " + std::to_string(kMostDevices) + " GPUs or NICs in one node"}};
  check_cpus(system, errors);
  check_gpus(gpus, errors);
  ByBusid by_busid;
  for (const PciPath& path : gpus) by_busid.emplace(path.device().busid, &path.device());
  for (const PciPath& path : gpus)
    if (path.device().gpu)
      for (const NcclNvlink& link : path.device().gpu->nvlinks) check_nvlink(path.device(), link, by_busid, errors);
  return errors;
}

}  // namespace orrery::topology
