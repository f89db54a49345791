#include "gui/model/load/run_roofline.h"

#include <algorithm>
#include <map>
#include <set>

#include "models/compute/gemm.h"

namespace orrery::gui {
namespace {

using models::AttentionShape;
using models::GemmShape;
using models::MemoryBoundShape;

struct BytesOf {
  double operator()(const GemmShape& shape) const { return models::gemm_bytes(shape); }
  // Forward reads Q, K, V and writes O; backward reads those and dO, and writes dQ, dK, dV.
  double operator()(const AttentionShape& s) const {
    const auto n = [](auto value) { return static_cast<double>(value); };
    const double value_dim = s.value_dim > 0 ? s.value_dim : s.head_dim;
    const double q = n(s.queries) * n(s.heads) * s.head_dim, o = n(s.queries) * n(s.heads) * value_dim;
    const double kv = n(s.keys) * n(s.kv_heads) * (s.head_dim + value_dim);
    return n(s.batch) * models::element_bytes(s.dtype) * (s.backward ? 2 : 1) * (q + kv + o);
  }
  double operator()(const MemoryBoundShape& shape) const { return static_cast<double>(shape.bytes.n); }
};

// "layer 3 fc1" -> "fc1": the same kernel in every layer.
std::string without_layer(const std::string& label) {
  if (!label.starts_with("layer ")) return label;
  const std::size_t end = label.find(' ', 6);
  return end == std::string::npos ? label : label.substr(end + 1);
}

void add_format(const models::Kernel& kernel, std::set<topology::Dtype>& formats) {
  if (const auto* gemm = std::get_if<GemmShape>(&kernel.shape)) formats.insert(gemm->dtype);
  if (const auto* attention = std::get_if<AttentionShape>(&kernel.shape)) formats.insert(attention->dtype);
}

// By kernel of the workload; those that never ran have no count.
std::vector<KernelWork> measured(const models::Prepared& prepared, const sim::Trace& trace) {
  const models::Compiled& compiled = prepared.compiled;
  std::vector<KernelWork> works(compiled.kernels.size());
  for (const sim::Span& span : trace.spans()) {
    if (span.step + 1 != compiled.workload.steps) continue;
    const RankId rank = prepared.folded ? prepared.folded->representative[span.rank] : span.rank;
    const sim::Program& program = compiled.workload.programs[compiled.workload.program_of[rank]];
    const sim::Stream& stream = program.streams[span.stream];
    if (span.op >= stream.notes.size()) continue;
    const sim::Note& note = stream.notes[span.op];
    if (note.kernel >= works.size()) continue;
    KernelWork& work = works[note.kernel];
    if (work.count++ == 0) work.name = without_layer(program.labels[note.label]);
    work.seconds += (span.end - span.start).seconds();
  }
  return works;
}

}  // namespace

Roofline roofline_of(const models::Prepared& prepared, const sim::Trace& trace) {
  Roofline roofline;
  std::set<topology::Dtype> formats;
  std::vector<KernelWork> works = measured(prepared, trace);
  for (std::size_t i = 0; i < works.size(); ++i) {
    KernelWork& work = works[i];
    const models::Kernel& kernel = prepared.compiled.kernels[i];
    if (work.count == 0) continue;
    work.seconds /= static_cast<double>(work.count);
    work.flops = kernel.flops().n;
    work.bytes = std::visit(BytesOf{}, kernel.shape);
    if (work.flops <= 0 || work.bytes <= 0) {
      ++roofline.memory_bound;
      roofline.memory_bound_seconds += work.total();
      continue;
    }
    add_format(kernel, formats);
    roofline.kernels.push_back(std::move(work));
  }
  const topology::GpuSpec& gpu = prepared.scenario.cluster.gpu_of(0);
  for (const topology::Dtype format : formats)
    roofline.roofs.push_back({std::string(to_string(format)), models::peak_flops(gpu, format)});
  roofline.bytes_per_s = static_cast<double>(gpu.memory_bandwidth.n);
  std::stable_sort(roofline.kernels.begin(), roofline.kernels.end(),
                   [](const KernelWork& a, const KernelWork& b) { return a.total() > b.total(); });
  return roofline;
}

}  // namespace orrery::gui
