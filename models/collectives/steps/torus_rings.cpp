#include <algorithm>

#include "models/collectives/steps/algorithms.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// Stream 2q goes forward through dimensions q, q + 1 …, stream 2q + 1 backwards, so
// that no two of them are on the same links at once where all sides are equal.
class Streams {
 public:
  Streams(const Places& places, double bytes)
      : places_(places), d_(places.torus.size()), part_(bytes / (2.0 * static_cast<double>(d_))) {}

  // Reduce-scatter, dimension by dimension; each leaves a part of what there was.
  Steps scatter() const {
    Steps steps;
    std::vector<double> left(d_, part_);
    for (std::size_t phase = 0; phase < d_; ++phase) {
      const int longest = *std::max_element(places_.torus.begin(), places_.torus.end());
      for (int t = 0; t + 1 < longest; ++t) add(phase, t, left, steps);
      for (std::size_t q = 0; q < d_; ++q) left[q] /= places_.torus[(q + phase) % d_];
    }
    return steps;
  }

 private:
  void add(std::size_t phase, int t, const std::vector<double>& left, Steps& steps) const {
    Step step{{}, 1, true};
    for (std::size_t q = 0; q < d_; ++q) {
      const std::size_t dimension = (q + phase) % d_;
      const int side = places_.torus[dimension];
      if (t + 1 >= side) continue;
      for (const bool forward : {true, false}) add_stream(dimension, forward, left[q] / side, step);
    }
    if (step.messages.empty()) return;
    const bool again = t > 0 && step.messages.size() == steps.back().messages.size();
    if (again)
      ++steps.back().times;
    else
      steps.push_back(std::move(step));
  }

  void add_stream(std::size_t dimension, bool forward, double bytes, Step& step) const {
    std::uint32_t stride = 1;
    for (std::size_t d = 0; d < dimension; ++d) stride *= static_cast<std::uint32_t>(places_.torus[d]);
    const auto side = static_cast<std::uint32_t>(places_.torus[dimension]);
    for (std::uint32_t v = 0; v < places_.on_torus.size(); ++v) {
      const std::uint32_t x = v / stride % side, next = (x + (forward ? 1 : side - 1)) % side;
      step.messages.push_back({places_.on_torus[v], places_.on_torus[v - x * stride + next * stride], bytes});
    }
  }

  const Places& places_;
  std::size_t d_;
  double part_;
};

}  // namespace

MaybeSteps torus_rings(TransferKind kind, const Places& places, double bytes) {
  if (places.torus.empty()) return std::nullopt;
  const Steps scatter = Streams(places, bytes).scatter();
  Steps gather(scatter.rbegin(), scatter.rend());
  for (Step& step : gather) step.reduces = false;
  if (kind == TransferKind::reduce_scatter) return scatter;
  if (kind == TransferKind::all_gather) return gather;
  if (kind != TransferKind::all_reduce) return std::nullopt;
  Steps both = scatter;
  both.insert(both.end(), gather.begin(), gather.end());
  return both;
}

}  // namespace orrery::models
