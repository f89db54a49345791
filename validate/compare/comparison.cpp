#include "validate/compare/comparison.h"

#include <algorithm>
#include <cmath>

#include "validate/compare/kendall.h"
#include "validate/compare/span_index.h"

namespace orrery::validate {
namespace {

double total(const std::vector<Duration>& parts) {
  Duration sum;
  for (const Duration part : parts) sum += part;
  return sum.seconds();
}

// Starts of the ops of a rank's last step that take time, in both traces.
double order_tau(const SpanIndex& predicted, const SpanIndex& measured, RankId rank) {
  std::vector<std::pair<std::int64_t, std::int64_t>> starts;
  const int last = predicted.workload().steps - 1;
  for (std::size_t s = 0; s < predicted.streams(rank); ++s) {
    const auto stream = static_cast<sim::StreamIndex>(s);
    for (const sim::Span& span : predicted.stream(rank, stream)) {
      if (span.step != last || !is_timed(predicted.op(span))) continue;
      const sim::Span* other = measured.find(rank, stream, span.step, span.op);
      if (other != nullptr) starts.emplace_back(span.start.count_ps(), other->start.count_ps());
    }
  }
  return kendall_tau(std::move(starts));
}

ComparedRank compare_rank(RankId rank, const RankObservation& p, const RankObservation& m) {
  ComparedRank out;
  out.rank = rank;
  out.step_s = {p.step.seconds(), m.step.seconds()};
  out.busy_s = {total(p.time.busy), total(m.time.busy)};
  out.exposed_s = {total(p.time.exposed), total(m.time.exposed)};
  out.late_s = {total(p.time.late), total(m.time.late)};
  out.bubble_s = {p.time.bubble.seconds(), m.time.bubble.seconds()};
  out.peak_bytes = {static_cast<double>(p.peak.n), static_cast<double>(m.peak.n)};
  return out;
}

// Of sorted times.
double median(const std::vector<double>& times) {
  return (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
}

// The median of the steps behind the first, which warms up, and their range. Timing every op
// slows a GPU, so steps without that go first.
void measured_steps(const std::vector<ObservedStep>& steps, Comparison& out) {
  std::vector<double> whole, plain;
  for (std::size_t i = steps.size() > 1 ? 1 : 0; i < steps.size(); ++i)
    (steps[i].is_whole ? whole : plain).push_back(steps[i].time.seconds());
  std::sort(whole.begin(), whole.end());
  std::sort(plain.begin(), plain.end());
  const std::vector<double>& taken = plain.empty() ? whole : plain;
  if (taken.empty()) return;
  out.measured_steps = static_cast<int>(taken.size());
  out.measured_low_s = taken.front();
  out.measured_high_s = taken.back();
  out.step_s.measured = median(taken);
  if (!plain.empty() && !whole.empty()) out.timing_cost = median(whole) / median(plain) - 1;
}

double waiting_share(const Compared& bubble, const Compared& late, const Compared& step, double Compared::*side) {
  return step.*side > 0 ? (bubble.*side + late.*side) / (step.*side) : 0;
}

void summarize_ranks(Comparison& out) {
  const auto n = static_cast<double>(out.ranks.size());
  for (const ComparedRank& rank : out.ranks) {
    for (double Compared::*side : {&Compared::predicted, &Compared::measured}) {
      out.bubble_fraction.*side += waiting_share(rank.bubble_s, rank.late_s, rank.step_s, side) / n;
      out.exposed_s.*side += rank.exposed_s.*side / n;
      out.peak_bytes.*side = std::max(out.peak_bytes.*side, rank.peak_bytes.*side);
    }
    out.order_tau = std::min(out.order_tau, rank.order_tau);
  }
}

std::vector<ComparedClass> compare_classes(const Observation& predicted, const Observation& measured) {
  std::vector<ComparedClass> out;
  for (const ClassTime& p : predicted.classes) {
    ComparedClass row{p.name, p.count, {p.time.seconds(), 0}};
    for (const ClassTime& m : measured.classes)
      if (m.name == p.name) row.time_s.measured = m.time.seconds();
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

std::optional<double> Compared::error() const {
  if (measured == 0) return predicted == 0 ? std::optional<double>(0) : std::nullopt;
  return predicted / measured - 1;
}

double Comparison::worst_error() const {
  return std::max(std::abs(step_s.error().value_or(1)), std::abs(peak_bytes.error().value_or(1)));
}

std::vector<SlowRank> slow_ranks(const Comparison& comparison) {
  constexpr double kSlow = 1.1;
  std::vector<SlowRank> ranks;
  for (const ComparedRank& r : comparison.ranks)
    if (r.busy_s.predicted > 0) ranks.push_back({r.rank, r.busy_s.measured / r.busy_s.predicted});
  if (ranks.empty()) return {};
  std::vector<double> times;
  for (const SlowRank& r : ranks) times.push_back(r.times);
  // Of two the faster is the rule.
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::nth_element(times.begin(), middle, times.end());
  for (SlowRank& r : ranks) r.times = *middle > 0 ? r.times / *middle : 1;
  std::erase_if(ranks, [](const SlowRank& r) { return r.times <= kSlow; });
  return ranks;
}

Comparison compare(const sim::Workload& workload, std::span<const models::Kernel> kernels,
                   const std::vector<sim::Span>& predicted, const std::vector<sim::Span>& measured) {
  const Observation p = observe(workload, kernels, predicted), m = observe(workload, kernels, measured);
  const SpanIndex p_index(workload, predicted), m_index(workload, measured);
  Comparison out;
  if (!p.steps.empty()) out.step_s.predicted = p.steps.back().time.seconds();
  measured_steps(m.steps, out);
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    out.ranks.push_back(compare_rank({r}, p.ranks[r], m.ranks[r]));
    out.ranks.back().order_tau = order_tau(p_index, m_index, {r});
  }
  summarize_ranks(out);
  out.classes = compare_classes(p, m);
  return out;
}

}  // namespace orrery::validate
