#include <algorithm>
#include <map>
#include <tuple>

#include "sim/network/flow_net.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::validate {
namespace {

class Planned final : public Durations {
 public:
  explicit Planned(const sim::Workload& workload) : network_(workload.links) {}

  Duration kernel(const Work& work, const Place&) override { return work.planned; }

  Duration transfer(const Exchange& exchange) override {
    Duration sum;
    for (const sim::Phase& phase : exchange.plan->phases) sum += phase.latency + flow_time(phase);
    return sum;
  }

 private:
  Duration flow_time(const sim::Phase& phase) const {
    if (phase.bytes.n == 0) return Duration();
    if (phase.uses && !phase.uses->empty()) return network_.time_alone(phase);
    return phase.max_rate.n > 0 ? phase.bytes / phase.max_rate : Duration();
  }

  sim::FlowNet network_;  // asked, never loaded
};

// Members of a group of sends and receives all end with the group, so when one of
// them was over by itself is not in a trace: at the latest when the first of its
// two groups ended, and that gives both groups their ends.
class Seen final : public Durations {
 public:
  explicit Seen(const std::vector<sim::Span>& spans) {
    for (const sim::Span& span : spans) spans_[{span.rank, span.stream, span.step, span.op}] = {span.met, span.end};
  }

  Duration kernel(const Work&, const Place& place) override {
    const Interval& seen = at(place);
    return seen.end - seen.met;
  }

  Duration transfer(const Exchange& exchange) override {
    Duration shortest = Duration::ps(INT64_MAX);
    for (const Endpoint& endpoint : exchange.local) {
      const Interval& seen = at(endpoint.place);
      shortest = std::min(shortest, seen.end - seen.met);
    }
    return shortest;
  }

 private:
  struct Interval {
    Time met, end;
  };
  const Interval& at(const Place& p) const { return spans_.at({p.rank, p.stream, p.step, p.op}); }

  std::map<std::tuple<RankId, sim::StreamIndex, std::uint32_t, sim::OpIndex>, Interval> spans_;
};

}  // namespace

std::unique_ptr<Durations> planned_durations(const sim::Workload& workload) {
  return std::make_unique<Planned>(workload);
}

std::unique_ptr<Durations> seen_durations(const std::vector<sim::Span>& spans) {
  return std::make_unique<Seen>(spans);
}

}  // namespace orrery::validate
