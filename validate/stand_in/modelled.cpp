#include "models/compute/cost_model.h"
#include "sim/base/random.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::validate {
namespace {

// Noise hangs on where an op stands alone, so that the same program, or the same
// block of a calibration, sees the same noise whatever ran before it.
class Modelled final : public Durations {
 public:
  Modelled(const topology::GpuSpec& gpu, std::shared_ptr<const sim::TransferPlanner> planner, double noise,
           std::uint64_t seed)
      : costs_(gpu, {}), planner_(std::move(planner)), noise_(noise), seed_(seed) {}

  Duration kernel(const Work& work, const Place& place) override {
    return work.kernel ? noisy(costs_.time(*work.kernel).time, place) + work.lag() : work.planned;
  }

  Duration transfer(const Exchange& exchange) override {
    Duration sum;
    for (const sim::Phase& phase : planner_->plan({exchange.kind, exchange.members, exchange.bytes}).phases)
      sum += phase.latency + (phase.max_rate.n > 0 ? phase.bytes / phase.max_rate : Duration());
    return noisy(sum, exchange.local.front().place);
  }

 private:
  Duration noisy(Duration planned, const Place& place) const {
    Digest key;
    key.add(seed_).add(place.rank.value).add(place.stream).add(place.step).add(place.op);
    const double gaussian = static_cast<double>(KeyedRandom(key.value()).gaussian_q32()) * 0x1p-32;
    return Duration::ps(static_cast<std::int64_t>(static_cast<double>(planned.count_ps()) * (1 + noise_ * gaussian)));
  }

  models::CostModel costs_;
  std::shared_ptr<const sim::TransferPlanner> planner_;
  double noise_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Durations> modelled_durations(const topology::GpuSpec& gpu,
                                              std::shared_ptr<const sim::TransferPlanner> planner, double noise,
                                              std::uint64_t seed) {
  return std::make_unique<Modelled>(gpu, std::move(planner), noise, seed);
}

}  // namespace orrery::validate
