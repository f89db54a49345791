#include "topology/hardware.h"

#include <algorithm>

namespace orrery::topology {
namespace {

constexpr std::array<std::string_view, 7> kDtypes = {"fp32", "tf32", "fp16", "bf16", "fp8", "mxfp8", "nvfp4"};
constexpr std::array<std::string_view, kLinkKinds> kKinds = {"nvlink", "pcie", "nic", "spine"};

}  // namespace

std::string_view to_string(Dtype dtype) {
  return kDtypes[static_cast<std::size_t>(dtype)];
}

std::optional<Dtype> dtype_from(std::string_view name) {
  for (std::size_t i = 0; i < kDtypes.size(); ++i)
    if (kDtypes[i] == name) return static_cast<Dtype>(i);
  return std::nullopt;
}

std::string_view to_string(LinkKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

int ClusterSpec::kind_of_node(int node) const {
  int kind = 0;
  for (int end = 0; kind + 1 < kinds(); ++kind)
    if (end += groups[static_cast<std::size_t>(kind)].nodes; node < end) break;
  return kind;
}

ClusterSpec ClusterSpec::all_of(int kind) const {
  if (groups.empty()) return *this;
  const NodeGroup& group = groups[static_cast<std::size_t>(kind)];
  ClusterSpec alike = *this;
  alike.groups.clear();
  alike.gpu = group.gpu;
  alike.scale_up = group.scale_up;
  alike.host = group.host;
  alike.cpu_vendor = group.cpu_vendor;
  alike.fabric.link = group.link;
  return alike;
}

Bytes ClusterSpec::least_memory() const {
  Bytes least = gpu.memory;
  for (const NodeGroup& group : groups) least = std::min(least, group.gpu.memory);
  return least;
}

std::string ClusterSpec::gpu_names() const {
  std::vector<std::string> names;
  for (int kind = 0; kind < kinds(); ++kind)
    if (std::find(names.begin(), names.end(), gpu_of(kind).name) == names.end()) names.push_back(gpu_of(kind).name);
  std::string text;
  for (const std::string& each : names) text += (text.empty() ? "" : " + ") + each;
  return text;
}

}  // namespace orrery::topology
