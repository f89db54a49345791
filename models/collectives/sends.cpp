#include "models/collectives/sends.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "models/collectives/phase.h"
#include "sim/base/digest.h"

namespace orrery::models {
namespace {

constexpr double kMicro = 1e-6;

}  // namespace

sim::TransferPlan plan_of(const Course& course, int paths, bool on_links) {
  sim::TransferPlan plan{{}, claim_of(course.method), course.method.pack()};
  plan.phases.push_back(phase_of(course, paths, on_links));
  return plan;
}

int MeasuredCourses::nodes_of(std::span<const RankId> ranks) const {
  return measured_.empty() ? 1 : count_nodes(fabric_, ranks);
}

void MeasuredCourses::take(const sim::TransferRequest& request, Course& course) const {
  if (measured_.empty()) return;
  const auto time =
      measured_.time(request.kind, static_cast<int>(request.ranks.size()), nodes_of(request.ranks), request.bytes);
  if (!time) return;
  course.startup = time->startup / kMicro;
  course.seconds = time->seconds - time->startup;
  course.bytes = std::min(course.bytes, course.links->rate(1, 1) * course.seconds);
}

const sim::TransferPlan& Sends::plan(const sim::TransferRequest& request, bool moves_nothing) {
  const RankId from = request.ranks[0], to = request.ranks[1];
  for (const Known* known = known_[from]; known != nullptr; known = known->next)
    if (known->to == to && known->bytes == request.bytes) return known->plan;
  known_[from] = &plans_.add({to, request.bytes, moves_nothing ? sim::TransferPlan() : make(request), known_[from]});
  return known_[from]->plan;
}

sim::TransferPlan Sends::make(const sim::TransferRequest& request) {
  const Sent sent = reckon(request);
  sim::TransferPlan plan = sent.plan;
  if (!sent.uses.empty())
    plan.phases.front().uses = std::make_shared<const sim::LinkUses>(sent.uses.begin(), sent.uses.end());
  return plan;
}

// Thousands of pairs in a row differ in nothing but their links.
Sends::Sent Sends::reckon(const sim::TransferRequest& request) {
  const RankId from = request.ranks[0], to = request.ranks[1];
  const bool crosses = !fabric_.same_domain(from, to);
  const Duration latency = fabric_.latency(from, to);
  const Site& site = sites_.of(request.ranks);
  const auto connections = static_cast<std::uint32_t>(message_channels(site, crosses));
  const std::span<const sim::LinkUse> uses = make_footprints_.route(from, to, connections);
  const Footprint links = make_footprints_.rates(uses);
  const Kind kind{request.bytes,      crosses, measured_.nodes_of(request.ranks), latency, links.nvlink_rate,
                  links.network_rate, &site};
  const sim::TransferPlan& plan = of_kind(request, kind, connections, links);
  const bool on_links =
      network_ != Network::analytic && request.bytes.n > kFillsNoLink && plan.phases.front().bytes.n > 0;
  return {plan, on_links ? uses : std::span<const sim::LinkUse>(), kind.likeness()};
}

std::uint64_t Sends::Kind::likeness() const {
  return Digest()
      .add(crosses ? 1 : 0)
      .add(static_cast<std::uint64_t>(latency.count_ps()))
      .add(std::bit_cast<std::uint64_t>(nvlink_rate))
      .add(std::bit_cast<std::uint64_t>(network_rate))
      .add(reinterpret_cast<std::uintptr_t>(site))
      .value();
}

const sim::TransferPlan& Sends::of_kind(const sim::TransferRequest& request, const Kind& kind,
                                        std::uint32_t connections, const Footprint& links) {
  const auto known = std::find_if(kinds_.begin(), kinds_.end(), [&](const auto& k) { return k.first == kind; });
  if (known != kinds_.end()) return known->second;
  Course course = message_course(static_cast<double>(request.bytes.n) / connections, *kind.site, kind.crosses,
                                 kind.latency.seconds() / kMicro, links, Algorithm::send);
  measured_.take(request, course);
  constexpr std::size_t kKinds = 16;  // as many as are worth looking through
  if (kinds_.size() == kKinds) kinds_.pop_back();
  return kinds_.emplace(kinds_.begin(), kind, plan_of(course, fabric_.paths(), false))->second;
}

}  // namespace orrery::models
