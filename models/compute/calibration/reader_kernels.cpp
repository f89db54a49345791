#include <algorithm>

#include "models/compute/calibration/reader.h"

namespace orrery::models {

std::optional<Dtype> CalibrationReader::dtype(Fields& f) {
  f.require({"dtype"});
  const auto name = f.text("dtype");
  if (!name) return std::nullopt;
  const auto known = topology::dtype_from(*name);
  if (!known) f.fail("dtype", "'dtype' is '" + name->substr(0, 40) + "', which is no number format");
  return known;
}

std::int64_t CalibrationReader::size(Fields& f, std::string_view key, std::int64_t otherwise) {
  if (otherwise == 0) f.require({key});
  return f.count(key, 1, kLargest).value_or(std::max<std::int64_t>(otherwise, 1));
}

void CalibrationReader::add(Fields& f, Kernel kernel) {
  if (const auto seconds = time(f)) {
    places_.push_back(f.at("us"));
    out_.kernels.push_back({std::move(kernel), *seconds});
  }
}

void CalibrationReader::read_gemm(Fields& f) {
  const Node* node = f.node("gemm");
  if (!node) return;
  Fields gemm(*node, "gemm", errors_);
  if (const Node* curves = gemm.node("curve")) read_gemm_curves(*curves);
  read_list(gemm, "points", [this](Fields& row) {
    GemmShape s;
    s.dtype = dtype(row).value_or(Dtype::bf16);
    s.role = names::gemm_role(row.choice("role", {"forward", "data_gradient", "weight_gradient"}).value_or("forward"));
    s.batch = size(row, "batch", 1);
    s.m = size(row, "m"), s.n = size(row, "n"), s.k = size(row, "k");
    s.accumulate = row.flag("accumulate").value_or(false);
    add(row, Kernel{s});
  });
  gemm.finish();
}

void CalibrationReader::read_gemm_curves(const Node& node) {
  Fields curves(node, "gemm.curve", errors_);
  for (const Node::Entry& entry : node.entries) {
    const auto known = topology::dtype_from(entry.key);
    if (!known) {
      errors_.push_back({entry.key_where, "'" + entry.key.substr(0, 40) + "' is no number format"});
      continue;
    }
    Fields f(entry.value, "gemm.curve." + entry.key, errors_);
    f.require({"ec", "em", "t0_us", "p"});
    topology::GemmCurve& curve = out_.gemm[*known];
    curve.compute_efficiency = f.number("ec", 0.001, 10).value_or(1);
    curve.memory_efficiency = f.number("em", 0.001, 10).value_or(1);
    curve.launch = Duration::from_seconds(f.number("t0_us", 0, 1e6).value_or(0) * 1e-6);
    curve.exponent = f.number("p", 1, 100).value_or(2);
    curve.wave = f.number("q", 0, 1).value_or(0);
    curve.quantize_efficiency = f.number("quantize_efficiency", 0, 10).value_or(0);
    curve.quantize_launch = Duration::from_seconds(f.number("quantize_us", 0, 1e6).value_or(0) * 1e-6);
    read_fit_error(f, "gemm." + entry.key);
    f.finish();
  }
}

void CalibrationReader::read_fit_error(Fields& f, const std::string& name) {
  if (const auto error = f.number("fit_error", 0, 1e6)) out_.fit_errors[name] = *error;
}

void CalibrationReader::read_attention(Fields& f) {
  const Node* node = f.node("attention");
  if (!node) return;
  Fields attention(*node, "attention", errors_);
  read_list(attention, "points", [this](Fields& row) {
    AttentionShape s;
    s.dtype = dtype(row).value_or(Dtype::bf16);
    row.require({"pass"});
    s.backward = row.choice("pass", {"forward", "backward"}) == "backward";
    s.causal = row.flag("causal").value_or(true);
    s.window = row.count("window", 0, kLargest).value_or(0);
    s.batch = size(row, "batch", 1);
    s.queries = size(row, "queries"), s.keys = size(row, "keys", s.queries);
    s.heads = size(row, "heads"), s.kv_heads = size(row, "kv_heads", s.heads);
    s.head_dim = static_cast<int>(size(row, "head_dim"));
    s.value_dim = static_cast<int>(size(row, "value_dim", s.head_dim));
    add(row, Kernel{s});
  });
  attention.finish();
}

void CalibrationReader::read_memory_bound(Fields& f) {
  const Node* node = f.node("memory_bound");
  if (!node) return;
  Fields families(*node, "memory_bound", errors_);
  for (const Node::Entry& entry : node->entries) {
    Fields family(entry.value, "memory_bound." + entry.key, errors_);
    if (const auto em = family.number("em", 0.001, 10))
      out_.memory_bound[entry.key] = {*em, Duration::from_seconds(family.number("t0_us", 0, 1e6).value_or(0) * 1e-6)};
    else
      family.node("t0_us");
    read_fit_error(family, "memory_bound." + entry.key);
    read_list(family, "points", [&](Fields& row) {
      row.require({"bytes"});
      add(row, Kernel{MemoryBoundShape{entry.key, Bytes{row.count("bytes", 1, INT64_MAX / 2).value_or(1)}}});
    });
    family.finish();
  }
}

void CalibrationReader::refuse_repeats() {
  std::map<Kernel, std::size_t> first;
  for (std::size_t i = 0; i < out_.kernels.size(); ++i) {
    const auto [at, is_new] = first.try_emplace(out_.kernels[i].kernel, i);
    if (!is_new)
      errors_.push_back({places_[i], "this kernel is measured twice; the first is in line " +
                                         std::to_string(places_[at->second].line)});
  }
}

}  // namespace orrery::models
