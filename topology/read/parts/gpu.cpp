#include <algorithm>

#include "sim/base/read/fields.h"
#include "topology/catalogue.h"
#include "topology/read/parts/plausible.h"
#include "topology/read/preset.h"

namespace orrery::topology {
namespace {

constexpr const char* kFolder = "hardware/gpus";

constexpr Dtype kDtypes[] = {Dtype::fp32, Dtype::tf32,  Dtype::fp16, Dtype::bf16,
                             Dtype::fp8,  Dtype::mxfp8, Dtype::nvfp4};

// Families of memory-bound kernels that operators are lowered to (docs/operators.md).
constexpr std::string_view kFamilies[] = {"default",
                                          "rmsnorm",
                                          "rmsnorm_backward",
                                          "layernorm",
                                          "layernorm_backward",
                                          "residual_add",
                                          "gated_activation",
                                          "gelu",
                                          "rope",
                                          "softmax",
                                          "dropout",
                                          "bias_dropout_add",
                                          "bias_gradient",
                                          "cross_entropy",
                                          "embedding",
                                          "cast",
                                          "zero",
                                          "axpy",
                                          "scale",
                                          "norm",
                                          "adam"};

// The measured GPU nearest in generation, whose curves an unmeasured one borrows.
std::string nearest_measured(int compute_capability) {
  if (compute_capability >= 100) return "b200-sxm-180gb";
  return compute_capability >= 90 ? "h100-sxm-80gb" : "a100-sxm-80gb";
}

template <class T>
void set(T& field, const std::optional<T>& value) {
  if (value) field = *value;
}

void read_peaks(Fields& gpu, GpuSpec& spec, Errors& errors) {
  const Node* node = gpu.node("peak");
  if (!node) return;
  Fields peak(*node, gpu.name() + ".peak", errors);
  for (Dtype dtype : kDtypes) {
    const std::optional<FlopsPerSecond> rate = peak.flop_rate(to_string(dtype));
    if (!rate) continue;
    spec.peak[dtype] = *rate;
    check_peak(peak, to_string(dtype), *rate);
  }
  peak.finish();
  if (spec.peak.empty() && node->is_map()) gpu.fail("peak", "'peak' names no format; bf16, fp16, fp8… are expected");
}

GemmCurve read_gemm_curve(const Node& node, const std::string& name, Errors& errors) {
  GemmCurve curve;
  Fields f(node, name, errors);
  f.require({"compute_efficiency", "memory_efficiency", "launch", "exponent"});
  set(curve.compute_efficiency, f.number("compute_efficiency", 0.001, 1));
  set(curve.memory_efficiency, f.number("memory_efficiency", 0.001, 2));  // above 1 where a cache holds the operands
  set(curve.launch, f.duration("launch"));
  set(curve.exponent, f.number("exponent", 1, 100));
  set(curve.quantize_efficiency, f.number("quantize_efficiency", 0, 2));
  set(curve.quantize_launch, f.duration("quantize_launch"));
  set(curve.wave, f.number("wave", 0, 1));
  set(curve.sustained, f.number("sustained", 1, 10));
  f.finish();
  return curve;
}

void read_gemm(Fields& gpu, GpuSpec& spec, Errors& errors) {
  const Node* node = gpu.node("gemm");
  if (!node) return;
  Fields gemm(*node, gpu.name() + ".gemm", errors);
  for (Dtype dtype : kDtypes) {
    const std::string name(to_string(dtype));
    if (const Node* curve = gemm.node(name))
      spec.gemm[dtype] = read_gemm_curve(*curve, gemm.name() + "." + name, errors);
  }
  gemm.finish();
  if (node->is_map() && !spec.gemm.count(Dtype::bf16) && !spec.gemm.count(Dtype::fp16))
    gpu.fail("gemm", "'gemm' needs a curve for bf16 or fp16: other formats fall back to it");
}

void read_efficiencies(Fields& attention, AttentionCurve& curve, Errors& errors) {
  const Node* table = attention.node("efficiency_by_length");
  if (!table) return;
  Fields rows(*table, attention.name() + ".efficiency_by_length", errors);
  for (const Node::Entry& entry : table->entries) {
    const Result<std::int64_t> length = parse_count(entry.key, entry.key_where);
    const std::optional<double> efficiency = rows.number(entry.key, 0.001, 1);
    if (!length || *length < 1)
      errors.push_back({entry.key_where, "'" + entry.key + "' is no sequence length"});
    else if (efficiency)
      curve.efficiency_by_length.emplace_back(static_cast<double>(*length), *efficiency);
  }
  std::sort(curve.efficiency_by_length.begin(), curve.efficiency_by_length.end());
}

void read_kernel_slowdown(Fields& attention, AttentionCurve& curve, Errors& errors) {
  const Node* table = attention.node("kernel_slowdown");
  if (!table) return;
  Fields rows(*table, attention.name() + ".kernel_slowdown", errors);
  for (const Node::Entry& entry : table->entries)
    if (const std::optional<double> factor = rows.number(entry.key, 0.01, 100))
      curve.kernel_slowdown[entry.key] = *factor;
  rows.finish();
}

void read_attention(Fields& gpu, GpuSpec& spec, Errors& errors) {
  const Node* node = gpu.node("attention");
  if (!node) return;
  Fields f(*node, gpu.name() + ".attention", errors);
  f.require({"efficiency_by_length"});
  read_efficiencies(f, spec.attention, errors);
  set(spec.attention.backward_ratio, f.number("backward_ratio", 0.1, 100));
  set(spec.attention.memory_efficiency, f.number("memory_efficiency", 0.001, 2));
  set(spec.attention.launch, f.duration("launch"));
  read_kernel_slowdown(f, spec.attention, errors);
  f.finish();
}

void read_memory_bound(Fields& gpu, GpuSpec& spec, Errors& errors) {
  const Node* node = gpu.node("memory_bound");
  if (!node) return;
  Fields families(*node, gpu.name() + ".memory_bound", errors);
  families.require({"default"});
  for (std::string_view family : kFamilies) {
    const Node* curve = families.node(family);
    if (!curve) continue;
    Fields f(*curve, families.name() + "." + std::string(family), errors);
    f.require({"efficiency", "launch"});
    MemoryBoundCurve& out = spec.memory_bound[std::string(family)];
    set(out.efficiency, f.number("efficiency", 0.001, 2));
    set(out.launch, f.duration("launch"));
    f.finish();
  }
  families.finish();
}

// A GPU that somebody made up has no curves: those of the nearest generation are
// put under it, and the result says so.
void borrow_curves(Node& gpu, const SearchPath& path, Errors& errors) {
  if (!gpu.is_map() || (gpu.find("gemm") && gpu.find("attention") && gpu.find("memory_bound"))) return;
  int capability = 90;
  if (const Node* node = gpu.find("compute_capability"))
    if (const Result<std::int64_t> value = parse_count(node->text, node->where)) capability = static_cast<int>(*value);
  Node name;
  name.kind = Node::Kind::scalar;
  name.text = nearest_measured(capability);
  name.where = gpu.where;
  const std::optional<Node> donor = resolve(name, kFolder, path, errors);
  if (!donor) return;
  Node curves;
  curves.kind = Node::Kind::map;
  for (const Node::Entry& entry : donor->entries)
    if (entry.key == "gemm" || entry.key == "attention" || entry.key == "memory_bound") curves.entries.push_back(entry);
  curves.entries.push_back({"transferred_from", gpu.where, name});
  gpu = overlay(curves, gpu);
}

std::vector<std::string> read_driver_names(Fields& gpu) {
  std::vector<std::string> names;
  const Node* node = gpu.node("driver_names");
  if (!node) return names;
  if (!node->is_list()) gpu.fail("driver_names", "'driver_names' must be a list of names");
  for (const Node& item : node->items) names.push_back(item.text);
  return names;
}

GpuSpec read_resolved(const Node& node, const std::string& preset, Errors& errors) {
  GpuSpec spec;
  spec.name = preset;
  Fields f(node, "cluster.gpu", errors);
  f.require({"memory", "memory_bandwidth", "peak", "sms", "gemm", "attention", "memory_bound"});
  set(spec.memory, f.bytes("memory"));
  set(spec.memory_bandwidth, f.bandwidth("memory_bandwidth"));
  if (f.has("memory") && spec.memory.n != 0) check_memory(f, spec.memory);
  if (f.has("memory_bandwidth") && spec.memory_bandwidth.n != 0) check_memory_bandwidth(f, spec.memory_bandwidth);
  read_peaks(f, spec, errors);
  spec.sms = static_cast<int>(f.count("sms", 1, 100'000).value_or(1));
  spec.compute_capability = static_cast<int>(f.count("compute_capability", 0, 1'000).value_or(90));
  set(spec.power, f.power("power"));
  read_gemm(f, spec, errors);
  read_attention(f, spec, errors);
  read_memory_bound(f, spec, errors);
  set(spec.transferred_from, f.text("transferred_from"));
  spec.driver_names = read_driver_names(f);
  spec.fitted = spec.transferred_from.empty();
  f.finish();
  return spec;
}

}  // namespace

Result<GpuSpec> read_gpu(const Node& node, const SearchPath& path) {
  if (!node.is_scalar() && !node.is_map())
    return Error{node.where,
                 "'cluster.gpu' must be a preset's name or a mapping, but is " + std::string(describe(node))};
  Errors errors;
  std::optional<Node> resolved = resolve(node, kFolder, path, errors);
  if (!resolved) return errors;
  borrow_curves(*resolved, path, errors);
  std::string name = preset_name(node);
  if (name.empty()) name = "custom";
  if (node.is_map() && node.entries.size() > 1 && name != "custom") name += " (changed)";
  GpuSpec spec = read_resolved(*resolved, name, errors);
  if (!errors.empty()) return errors;
  return spec;
}

Result<GpuSpec> gpu_by_driver_name(const std::string& name, const SearchPath& path) {
  for (const std::string& preset : path.names(kFolder)) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = preset;
    Result<GpuSpec> gpu = read_gpu(node, path);
    if (!gpu) return gpu;
    if (std::find(gpu->driver_names.begin(), gpu->driver_names.end(), name) != gpu->driver_names.end()) return gpu;
  }
  return Error{{}, "no preset of hardware/gpus has '" + name + "' among its driver_names", Fault::unsupported};
}

}  // namespace orrery::topology
