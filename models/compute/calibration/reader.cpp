// Reads a calibration file. Times are microseconds in the file (the key ends in
// _us) and seconds here.
#include <algorithm>

#include "models/compute/calibration/calibration.h"
#include "models/compute/calibration/names.h"
#include "sim/base/read/fields.h"

namespace orrery::models {
namespace {

constexpr double kLongest = 1e12;       // us, of anything that is measured
constexpr std::int64_t kLargest = 1e9;  // of a size
constexpr double kMostSlowdown = 100;   // by one transfer
constexpr DocumentLimits kLimits{256u << 20, 16, 8'000'000};

class Reader {
 public:
  explicit Reader(const std::string& file) { out_.file = file; }

  Result<Calibration> read(const Node& root) {
    Fields f(root, "calibration", errors_);
    if (!root.is_map() || !read_schema(f)) return std::move(errors_);
    f.require({"machine"});
    out_.created_utc = f.text("created_utc").value_or("");
    read_texts(f, "tool", out_.tool);
    read_machine(f);
    read_intervals(f, "conditions", out_.conditions);
    read_intervals(f, "peaks", out_.peaks);
    read_intervals(f, "launch", out_.launch);
    read_gemm(f);
    read_attention(f);
    read_memory_bound(f);
    read_collective(f);
    read_checks(f);
    read_interference(f);
    f.finish();
    refuse_repeats();
    if (!errors_.empty()) return std::move(errors_);
    return std::move(out_);
  }

 private:
  bool read_schema(Fields& f) {
    f.require({"schema"});
    const auto schema = f.text("schema");
    const std::string expected = "orrery-calibration/" + std::to_string(Calibration::kMajor);
    if (schema && *schema != expected)
      f.fail("schema", "schema '" + schema->substr(0, 60) + "' is not one that is read here; " + expected + " is");
    return schema == expected;
  }

  void read_texts(Fields& f, std::string_view key, std::map<std::string, std::string>& to) {
    const Node* node = f.node(key);
    if (!node) return;
    Fields texts(*node, std::string(key), errors_);
    for (const Node::Entry& entry : node->entries)
      if (const auto text = texts.text(entry.key)) to[entry.key] = *text;
  }

  void read_machine(Fields& f) {
    read_texts(f, "machine", out_.machine);
    const auto gpu = out_.machine.find("gpu");
    if (gpu == out_.machine.end()) {
      if (f.has("machine")) f.fail("machine", "'machine' needs 'gpu': the GPU file that the curves are relative to");
      return;
    }
    out_.gpu = gpu->second;
    out_.machine.erase(gpu);
  }

  // {value, low, high, samples}; only the value must be there.
  std::optional<Interval> interval(const Node& node, const std::string& name) {
    Fields f(node, name, errors_);
    f.require({"value"});
    const auto value = f.number("value");
    const auto read = spread(f, value, 1);
    f.finish();
    return read;
  }

  std::optional<Interval> spread(Fields& f, std::optional<double> value, double scale) {
    const auto low = f.number("low"), high = f.number("high");
    const auto samples = f.count("samples", 1, 1'000'000'000);
    if (!value) return std::nullopt;
    const Interval out{*value * scale, low.value_or(*value) * scale, high.value_or(*value) * scale,
                       static_cast<int>(samples.value_or(1))};
    if (out.low <= out.value && out.value <= out.high) return out;
    f.fail("low", "an interval must hold its value: low <= value <= high");
    return std::nullopt;
  }

  // "us" with its interval, as seconds.
  std::optional<Interval> time(Fields& f) {
    f.require({"us"});
    const auto us = f.number("us", 1e-6, kLongest);
    return spread(f, us, 1e-6);
  }

  void read_intervals(Fields& f, std::string_view key, std::map<std::string, Interval>& to) {
    const Node* node = f.node(key);
    if (!node) return;
    Fields section(*node, std::string(key), errors_);
    for (const Node::Entry& entry : node->entries)
      if (section.node(entry.key) != nullptr)
        if (const auto read = interval(entry.value, std::string(key) + "." + entry.key)) to[entry.key] = *read;
  }

  // Calls `each` with every mapping of a list.
  template <class Each>
  void read_list(Fields& f, std::string_view key, Each each) {
    const Node* node = f.node(key);
    if (!node) return;
    if (!node->is_list()) return f.fail(key, "'" + std::string(key) + "' must be a list");
    for (const Node& item : node->items) {
      Fields row(item, f.name() + "." + std::string(key), errors_);
      each(row);
      row.finish();
    }
  }

  std::optional<Dtype> dtype(Fields& f) {
    f.require({"dtype"});
    const auto name = f.text("dtype");
    if (!name) return std::nullopt;
    const auto known = topology::dtype_from(*name);
    if (!known) f.fail("dtype", "'dtype' is '" + name->substr(0, 40) + "', which is no number format");
    return known;
  }

  std::int64_t size(Fields& f, std::string_view key, std::int64_t otherwise = 0) {
    if (otherwise == 0) f.require({key});
    return f.count(key, 1, kLargest).value_or(std::max<std::int64_t>(otherwise, 1));
  }

  void add(Fields& f, Kernel kernel) {
    if (const auto seconds = time(f)) {
      places_.push_back(f.at("us"));
      out_.kernels.push_back({std::move(kernel), *seconds});
    }
  }

  void read_gemm(Fields& f) {
    const Node* node = f.node("gemm");
    if (!node) return;
    Fields gemm(*node, "gemm", errors_);
    if (const Node* curves = gemm.node("curve")) read_gemm_curves(*curves);
    read_list(gemm, "points", [this](Fields& row) {
      GemmShape s;
      s.dtype = dtype(row).value_or(Dtype::bf16);
      s.role =
          names::gemm_role(row.choice("role", {"forward", "data_gradient", "weight_gradient"}).value_or("forward"));
      s.batch = size(row, "batch", 1);
      s.m = size(row, "m"), s.n = size(row, "n"), s.k = size(row, "k");
      s.accumulate = row.flag("accumulate").value_or(false);
      add(row, Kernel{s});
    });
    gemm.finish();
  }

  void read_gemm_curves(const Node& node) {
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

  void read_fit_error(Fields& f, const std::string& name) {
    if (const auto error = f.number("fit_error", 0, 1e6)) out_.fit_errors[name] = *error;
  }

  void read_attention(Fields& f) {
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

  void read_memory_bound(Fields& f) {
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

  template <class Row>
  void read_group(Fields& row, Row& to) {
    row.require({"op", "ranks"});
    const auto op = row.text("op");
    const auto kind = op ? names::transfer_kind(*op) : std::nullopt;
    if (op && !kind) row.fail("op", "'" + op->substr(0, 40) + "' is no collective; all-reduce, send-recv… are");
    to.kind = kind.value_or(sim::TransferKind::all_reduce);
    to.ranks = static_cast<int>(row.count("ranks", 1, 1 << 20).value_or(1));
    to.nodes = static_cast<int>(row.count("nodes", 1, 1 << 20).value_or(1));
  }

  void read_collective(Fields& f) {
    const Node* node = f.node("collective");
    if (!node) return;
    Fields collective(*node, "collective", errors_);
    read_list(collective, "points", [this](Fields& row) {
      TransferPoint point;
      read_group(row, point);
      row.require({"bytes"});
      point.bytes = Bytes{row.count("bytes", 0, INT64_MAX / 2).value_or(0)};
      point.algorithm = row.text("algo").value_or("");
      point.protocol = row.text("proto").value_or("");
      if (const auto seconds = time(row)) point.seconds = *seconds, out_.transfers.push_back(point);
    });
    read_list(collective, "alpha_beta", [this](Fields& row) {
      TransferLine line;
      read_group(row, line);
      row.require({"alpha_us", "beta_s_per_byte"});
      line.alpha_s = row.number("alpha_us", 0, kLongest).value_or(0) * 1e-6;
      line.beta_s_per_byte = row.number("beta_s_per_byte").value_or(0);
      line.r2 = row.number("r2", 0, 1).value_or(0);
      out_.transfer_lines.push_back(line);
    });
    collective.finish();
  }

  void read_interference(Fields& f) {
    read_intervals(f, "interference", out_.interference);
    const Node* node = f.node("interference");
    if (!node || !node->is_map()) return;
    for (const Node::Entry& entry : node->entries) {
      const bool known = std::find(std::begin(names::kInterference), std::end(names::kInterference), entry.key) !=
                         std::end(names::kInterference);
      if (!known)
        errors_.push_back({entry.key_where, "'" + entry.key.substr(0, 40) + "' is not known in 'interference'"});
      const auto read = out_.interference.find(entry.key);
      if (read != out_.interference.end() && read->second.high > kMostSlowdown)
        errors_.push_back(
            {entry.value.where, "'" + entry.key.substr(0, 40) + "' is a share of the time alone, at most 100"});
    }
  }

  void read_checks(Fields& f) {
    const Node* node = f.node("check");
    if (!node) return;
    Fields check(*node, "check", errors_);
    const auto rows = [this](std::vector<CalibrationCheck>& to) {
      return [this, &to](Fields& row) {
        row.require({"name", "predicted_us"});
        CalibrationCheck read{row.text("name").value_or(""), row.number("predicted_us").value_or(0) * 1e-6, {}};
        if (const auto seconds = time(row)) read.measured_s = *seconds, to.push_back(read);
      };
    };
    read_list(check, "layers", rows(out_.layers));
    read_list(check, "steps", rows(out_.steps));
    check.finish();
  }

  // Two times for one kernel: which of them would a run take?
  void refuse_repeats() {
    std::map<Kernel, std::size_t> first;
    for (std::size_t i = 0; i < out_.kernels.size(); ++i) {
      const auto [at, is_new] = first.try_emplace(out_.kernels[i].kernel, i);
      if (!is_new)
        errors_.push_back({places_[i], "this kernel is measured twice; the first is in line " +
                                           std::to_string(places_[at->second].line)});
    }
  }

  Calibration out_;
  std::vector<Where> places_;  // of out_.kernels
  Errors errors_;
};

}  // namespace

Result<Calibration> parse_calibration(std::string_view text, const std::string& file) {
  const Result<Node> root = parse_document(text, file, kLimits);
  if (!root) return root.errors();
  return Reader(file).read(*root);
}

Result<Calibration> read_calibration(const std::string& path) {
  const Result<Node> root = read_document(path, kLimits);
  if (!root) return root.errors();
  return Reader(path).read(*root);
}

topology::GpuSpec with_measured_curves(topology::GpuSpec gpu, const Calibration& calibration) {
  for (const auto& [dtype, curve] : calibration.gemm) gpu.gemm[dtype] = curve;
  for (const auto& [family, curve] : calibration.memory_bound) gpu.memory_bound[family] = curve;
  return gpu;
}

}  // namespace orrery::models
