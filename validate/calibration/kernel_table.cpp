#include "validate/calibration/kernel_table.h"

#include <zlib.h>

#include <algorithm>
#include <map>
#include <optional>

#include "interop/csv.h"
#include "sim/base/read/quantity.h"

namespace orrery::validate {
namespace {

using models::Kernel;
using models::KernelPoint;

constexpr std::size_t kMostBytes = 256u << 20;
constexpr std::size_t kMostFaults = 20;  // a table that is no table need not fill the screen
constexpr std::int64_t kLargestSize = 1'000'000'000;

class Table {
 public:
  Table(std::string_view text, const std::string& file) : lines_(text), file_(file) {}

  Result<std::vector<KernelPoint>> read() {
    const auto header = lines_.next();
    if (!header) return Error{{file_, 1, 0}, "the table is empty; it starts with a line of column names"};
    for (std::size_t i = 0; i < header->size(); ++i) column_.try_emplace((*header)[i], i);
    if (const std::string missing = what_is_missing(); !missing.empty()) return Error{{file_, 1, 0}, missing};
    while (auto line = lines_.next()) {
      cells_ = std::move(*line);
      if (errors_.size() < kMostFaults) read_line();
      if (!is_of_one_gpu()) break;
    }
    if (errors_.empty() && times_.empty()) errors_.push_back({{file_, 0, 0}, "the table times no kernel"});
    if (!errors_.empty()) return std::move(errors_);
    return points();
  }

 private:
  bool has(std::initializer_list<const char*> names) const {
    return std::all_of(names.begin(), names.end(), [this](const char* name) { return column_.contains(name); });
  }

  std::string what_is_missing() const {
    if (!has({"t_us"})) return "there is no column t_us: the time of each kernel in microseconds";
    if (has({"m", "n", "k"}) || has({"seq", "heads"}) || has({"family", "bytes"})) return "";
    return "the columns name no kernel: m,n,k (a product), seq,heads (attention) or family,bytes (memory-bound) do";
  }

  std::string cell(const char* name, const char* otherwise = "") const {
    const auto at = column_.find(name);
    if (at == column_.end() || at->second >= cells_.size() || cells_[at->second].empty()) return otherwise;
    return cells_[at->second];
  }

  // Tables of several machines say of each line which one it is of.
  bool is_of_one_gpu() {
    const std::string gpu = cell("gpu");
    if (gpu_.empty()) gpu_ = gpu;
    if (gpu == gpu_) return true;
    fail("is of gpu '" + gpu.substr(0, 40) + "' and the lines before of '" + gpu_.substr(0, 40) +
         "': a calibration is of one machine, keep the lines of one");
    return false;
  }

  void fail(const std::string& what) { errors_.push_back({{file_, lines_.line(), 0}, what}); }

  std::int64_t size(const char* name, std::int64_t otherwise) {
    const std::string text = cell(name);
    if (text.empty() && otherwise > 0) return otherwise;
    const auto value = parse_count(text, {file_, lines_.line(), 0});
    if (value && *value >= 1 && *value <= kLargestSize) return *value;
    fail(std::string(name) + " is '" + text.substr(0, 40) + "', but must be a whole number from 1 to 1e9");
    return 1;
  }

  models::Dtype dtype() {
    const std::string name = cell("dtype", "bf16");
    if (const auto known = topology::dtype_from(name)) return *known;
    fail("dtype is '" + name.substr(0, 40) + "', which is no number format");
    return models::Dtype::bf16;
  }

  void read_line() {
    const std::string time = cell("t_us");
    if (time.empty()) return;
    const auto us = parse_number(time, {file_, lines_.line(), 0});
    if (!us || !(*us > 0) || *us > 1e12) return fail("t_us is '" + time.substr(0, 40) + "', which is no time");
    const std::size_t faults = errors_.size();
    Kernel kernel = has({"m", "n", "k"}) ? product() : has({"seq", "heads"}) ? attention() : memory_bound();
    if (errors_.size() == faults) times_[std::move(kernel)].push_back(*us * 1e-6);
  }

  Kernel product() {
    models::GemmShape s;
    s.dtype = dtype();
    s.batch = size("batch", 1), s.m = size("m", 0), s.n = size("n", 0), s.k = size("k", 0);
    const std::string role = cell("role", "fwd"), accumulate = cell("accumulate", "0");
    if (role == "dgrad") s.role = models::GemmRole::data_gradient;
    if (role == "wgrad") s.role = models::GemmRole::weight_gradient;
    if (role != "fwd" && role != "dgrad" && role != "wgrad")
      fail("role is '" + role.substr(0, 40) + "'; fwd, dgrad, wgrad are known");
    s.accumulate = accumulate == "1" || accumulate == "true" || accumulate == "True";
    return {s};
  }

  Kernel attention() {
    models::AttentionShape s;
    s.dtype = dtype();
    s.batch = size("batch", 1), s.queries = s.keys = size("seq", 0), s.heads = size("heads", 0);
    s.kv_heads = size("kv_heads", s.heads);
    s.head_dim = s.value_dim = static_cast<int>(size("head_dim", 128));
    const std::string pass = cell("pass", "fwd");
    s.backward = pass == "bwd";
    if (pass != "fwd" && pass != "bwd") fail("pass is '" + pass.substr(0, 40) + "'; fwd and bwd are known");
    return {s};
  }

  Kernel memory_bound() {
    const auto bytes = parse_count(cell("bytes"), {file_, lines_.line(), 0});
    if (cell("family").empty()) fail("family is empty");
    if (!bytes || *bytes < 1)
      fail("bytes is '" + cell("bytes").substr(0, 40) + "', but must be a whole number above 0");
    return {models::MemoryBoundShape{cell("family"), Bytes{bytes ? *bytes : 1}}};
  }

  // Of two middle times the shorter: a time that was measured.
  std::vector<KernelPoint> points() {
    std::vector<KernelPoint> out;
    for (auto& [kernel, times] : times_) {
      std::sort(times.begin(), times.end());
      out.push_back(
          {kernel, {times[(times.size() - 1) / 2], times.front(), times.back(), static_cast<int>(times.size())}});
    }
    return out;
  }

  interop::CsvLines lines_;
  std::string file_;
  std::map<std::string, std::size_t> column_;
  std::vector<std::string> cells_;
  std::map<Kernel, std::vector<double>> times_;
  std::string gpu_;  // of the lines so far, where the table says
  Errors errors_;
};

}  // namespace

Result<std::vector<KernelPoint>> parse_kernel_table(std::string_view text, const std::string& file) {
  return Table(text, file).read();
}

Result<std::vector<KernelPoint>> read_kernel_table(const std::string& path) {
  // gzread passes plain files through.
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return Error{{path, 0, 0}, "cannot be opened", Fault::io};
  std::string text;
  std::vector<char> buffer(1 << 18);
  int n = 0;
  while ((n = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0 && text.size() <= kMostBytes)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  gzclose(file);
  if (n < 0) return Error{{path, 0, 0}, "cannot be read", Fault::io};
  if (text.size() > kMostBytes) return Error{{path, 0, 0}, "is larger than 256 MiB"};
  return parse_kernel_table(text, path);
}

}  // namespace orrery::validate
