#include "interop/import/chakra/rate.h"

#include <cmath>

#include "topology/catalogue.h"

namespace orrery::interop::chakra {
namespace {

using topology::Dtype;

Node scalar(const std::string& text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  return node;
}

}  // namespace

Result<Rate> rate_of(const std::string& cluster, const SearchPath& presets) {
  Node asked;
  asked.kind = Node::Kind::map;
  asked.entries.push_back({"preset", {}, scalar(cluster)});
  asked.entries.push_back({"nodes", {}, scalar("1")});
  const auto read = topology::read_cluster(asked, presets);
  if (!read) return read.errors();
  const topology::GpuSpec& gpu = read->gpu;
  // GPUs without bf16 run its products in fp16, or in fp32.
  auto peak = gpu.peak.find(Dtype::bf16);
  if (peak == gpu.peak.end()) peak = gpu.peak.find(Dtype::fp16);
  if (peak == gpu.peak.end()) peak = gpu.peak.find(Dtype::fp32);
  if (peak == gpu.peak.end()) return Error{{"--cluster", 0, 0}, "the peak of " + gpu.name + " is not known"};
  auto curve = gpu.gemm.find(Dtype::bf16);
  if (curve == gpu.gemm.end()) curve = gpu.gemm.find(Dtype::fp16);
  const double share = curve == gpu.gemm.end() ? 1 : curve->second.compute_efficiency / curve->second.sustained;
  Rate rate;
  const double reached = static_cast<double>(peak->second.n) * share;
  rate.per_microsecond = reached / 1e6;
  rate.said = std::to_string(std::llround(reached / 1e12)) + " TFLOP/s, " + std::to_string(std::llround(share * 100)) +
              " % of the peak of " + gpu.name;
  return rate;
}

}  // namespace orrery::interop::chakra
