#include "models/compute/calibration/measured_kernels.h"

#include <algorithm>
#include <cmath>

#include "models/compute/portable_math.h"

namespace orrery::models {
namespace {

constexpr std::size_t kNearest = 8;
constexpr double kSofteningDistance = 0.05;

// A product in the next role (other layouts of the same operands) is as far away as one of half
// a doubling. On the training products of data/kernels (B200, A100 PCIe), of which a tenth is
// known, the mean error falls from 10.9 to 9.5 % and from 4.8 to 4.2 % against roles by themselves.
constexpr double kRole = 0.5;

double log2_of(std::int64_t size) {
  return portable_log2(static_cast<double>(std::max<std::int64_t>(size, 1)));
}

// What a group differs by counts less as it nears twice its standard error.
constexpr double kErrors = 2;

// Shapes that may stand in for each other share a kind; sizes say how near they are. What differs
// throughout between groups of a kind (roles of a product, widths of heads) is not left to the nearest.
struct KindAndSizes {
  std::string kind;
  std::array<double, 5> sizes{};
  int group = 0;

  explicit KindAndSizes(const Kernel& kernel) { std::visit(*this, kernel.shape); }

  void operator()(const GemmShape& s) {
    kind = "gemm " + std::string(to_string(s.dtype));
    sizes = {log2_of(s.m), log2_of(s.n), log2_of(s.k), log2_of(s.batch), kRole * static_cast<int>(s.role)};
    group = static_cast<int>(s.role);
  }
  void operator()(const AttentionShape& s) {
    kind = "attention " + std::string(to_string(s.dtype)) + (s.causal ? " causal" : " full") +
           (s.backward ? " backward" : " forward");
    // Groups of keys and widths of heads matter less than lengths: 0.6 and 0.3 of a doubling. With a
    // twentieth known of the prompt-attention tables of data/kernels, the others are 12.7 % (H100) and 12.0 % (A100)
    // off; 13.7 % both with 0.3 for the two.
    sizes = {log2_of(s.batch), log2_of(s.queries), log2_of(s.heads), 0.6 * log2_of(s.kv_heads),
             0.3 * log2_of(s.head_dim)};
    group = s.head_dim;
  }
  void operator()(const MemoryBoundShape& s) {
    kind = "memory " + s.family;
    sizes = {log2_of(s.bytes.n), 0, 0, 0, 0};
  }
};

// As calibration files write shapes: what may be left out is filled in.
Kernel normalized(Kernel kernel) {
  if (auto* s = std::get_if<AttentionShape>(&kernel.shape)) {
    if (s->value_dim == 0) s->value_dim = s->head_dim;
    if (s->kv_heads == 0) s->kv_heads = s->heads;
  }
  return kernel;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double squares_around(const std::vector<double>& values, double center) {
  double sum = 0;
  for (const double value : values) sum += (value - center) * (value - center);
  return sum;
}

double distance(const std::array<double, 5>& a, const std::array<double, 5>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);  // exact to the last bit by IEEE
}

}  // namespace

MeasuredKernels::MeasuredKernels(const Calibration& calibration, const Curve& curve) {
  for (const KernelPoint& point : calibration.kernels) {
    const Kernel kernel = normalized(point.kernel);
    exact_[kernel] = point.seconds;
    const double expected = curve(kernel);
    if (expected <= 0) continue;
    const KindAndSizes of(kernel);
    kinds_[of.kind].neighbours.push_back({of.sizes, of.group, portable_log2(point.seconds.value / expected)});
  }
  for (auto& [name, kind] : kinds_) set_groups_apart(kind);
}

// A group's mean is told apart from its kind's by the part of the difference that its spread does
// not explain: (1 - (2 errors / difference)^2) of it, none below two errors.
void MeasuredKernels::set_groups_apart(Kind& kind) {
  std::vector<double> all;
  std::map<int, std::vector<double>> groups;
  for (const Neighbour& n : kind.neighbours) all.push_back(n.residual), groups[n.group].push_back(n.residual);
  if (groups.size() < 2 || all.size() == groups.size()) return;
  double within = 0;
  for (const auto& [group, residuals] : groups) within += squares_around(residuals, mean(residuals));
  within /= static_cast<double>(all.size() - groups.size());
  for (const auto& [group, residuals] : groups) {
    const double apart = mean(residuals) - mean(all);
    const double noise = kErrors * kErrors * within / static_cast<double>(residuals.size());
    if (apart * apart > noise) kind.apart[group] = apart - noise / apart;
  }
  for (Neighbour& n : kind.neighbours) n.residual -= kind.apart_of(n.group);
}

double MeasuredKernels::Kind::apart_of(int group) const {
  const auto found = apart.find(group);
  return found == apart.end() ? 0 : found->second;
}

std::optional<Interval> MeasuredKernels::exact(const Kernel& kernel) const {
  const auto at = exact_.find(normalized(kernel));
  return at == exact_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<double> MeasuredKernels::correction(const Kernel& kernel) const {
  const KindAndSizes of(normalized(kernel));
  const auto kind = kinds_.find(of.kind);
  if (kind == kinds_.end()) return std::nullopt;
  const std::vector<Neighbour>& known = kind->second.neighbours;
  // Of equal distances the one that stands first in the file.
  std::vector<std::pair<double, std::size_t>> near;
  for (std::size_t i = 0; i < known.size(); ++i) near.emplace_back(distance(of.sizes, known[i].at), i);
  const std::size_t n = std::min(kNearest, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(n), near.end());
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double softened = near[i].first + kSofteningDistance;
    sum += known[near[i].second].residual / (softened * softened);
    weights += 1 / (softened * softened);
  }
  return portable_exp2(sum / weights + kind->second.apart_of(of.group));
}

}  // namespace orrery::models
