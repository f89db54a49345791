#include "gui/model/store/counter.h"

namespace orrery::gui {
namespace {

// Samples looked at within one column; in between, every so many are.
constexpr std::size_t kMostPerPixel = 64;

}  // namespace

double Series::at(Ns when) const {
  const auto after = std::upper_bound(times.begin(), times.end(), when);
  return after == times.begin() ? 0 : values[static_cast<std::size_t>(after - times.begin()) - 1];
}

void Series::sample(TimeRange view, std::span<double> out) const {
  const double ns_per_pixel = static_cast<double>(view.length()) / static_cast<double>(out.size());
  auto next = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), view.begin) - times.begin());
  for (std::size_t x = 0; x < out.size(); ++x) {
    const Ns right = view.begin + static_cast<Ns>(static_cast<double>(x + 1) * ns_per_pixel);
    double highest = next > 0 ? values[next - 1] : 0;
    const auto from = times.begin() + static_cast<std::ptrdiff_t>(next);
    const auto end = static_cast<std::size_t>(std::lower_bound(from, times.end(), right) - times.begin());
    const std::size_t stride = 1 + (end - next) / kMostPerPixel;
    for (std::size_t i = next; i < end; i += stride) highest = std::max(highest, values[i]);
    out[x] = highest;
    next = end;
  }
}

double Counter::at(Ns when) const {
  double sum = 0;
  for (const Series& one : series) sum += one.at(when);
  return sum;
}

}  // namespace orrery::gui
