#include "models/collectives/planner.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "models/collectives/course.h"
#include "models/collectives/drafts.h"
#include "models/collectives/known_plans.h"
#include "models/collectives/links/inside_drafts.h"
#include "models/collectives/phase.h"
#include "models/collectives/sends.h"
#include "models/collectives/steps/step_planner.h"
#include "sim/base/digest.h"
#include "sim/fold/planner.h"

// How a plan comes about
//
// NCCL's estimates choose algorithm and protocol (nccl_choice). The footprint of
// the algorithm (link_uses) says how many connections cross each link; every
// connection carries the same bytes, so a plan is one phase: a startup time, then
// those bytes at a rate that the network grants. max_rate is what one connection
// gets with nobody else around (course), so a transfer alone takes startup +
// bytes/max_rate in both network models, and others on a link can only slow it down.

namespace orrery::models {
namespace {

using sim::Phase;
using sim::TransferKind;
using sim::TransferPlan;
using sim::TransferRequest;
using topology::Fabric;

// Time for a copy engine to start on a host copy (from memory: 3 to 5 us on PCIe).
constexpr double kCopyStartup = 4;
constexpr double kGiga = 1e9;
constexpr std::uint8_t kBandwidthAlone = 1;  // a claim by the fewest channels: next to no SMs

// Memoises without locks: one planner an engine.
class NcclPlanner : public sim::DraftingPlanner {
 public:
  NcclPlanner(std::shared_ptr<PlannerFamily> family, MeasuredTransfers measured)
      : family_(std::move(family)),
        fabric_(family_->settings.fabric.get()),
        network_(family_->settings.network),
        forced_(family_->settings.forced),
        has_measured_(!measured.empty()),
        measured_(*fabric_, std::move(measured)),
        inside_drafts_(*fabric_),
        steps_(*fabric_, family_->make_footprints),
        sends_(*fabric_, network_, family_->sites, family_->make_footprints, measured_) {}

  const TransferPlan& plan(const TransferRequest& request) const override {
    if (is_send(request)) return sends_.plan(request, moves_nothing(request));
    GroupPlans& group = group_of(request.ranks);
    for (const auto& known : group.known)
      if (known.kind == request.kind && known.bytes == request.bytes) return *known.plan;
    const TransferPlan& plan = group_plans_.add(make(request, *group.facts));
    group.known.push_back({request.kind, request.bytes, &plan});
    return plan;
  }

  std::span<const sim::Draft> drafts(std::span<const RankId> ranks,
                                     std::span<const sim::Wanted> wanted) const override {
    const bool is_group = ranks.size() > 2 && fabric_->same_domain(ranks.front(), ranks.back());
    if (is_group)
      if (const auto known = inside_drafts_.find(ranks, wanted)) return likeness_ = known->likeness, known->drafts;
    drafts_.begin(wanted.size());
    likeness_ = Digest();
    // A group of most ranks is one of a kind: it will be asked for again.
    const bool keep = 2 * ranks.size() > static_cast<std::size_t>(fabric_->gpus());
    GroupFacts draft;
    GroupFacts& group = keep ? *group_of(ranks).facts : draft;
    for (const auto& [kind, bytes] : wanted) {
      const TransferRequest request{kind, ranks, bytes};
      if (is_send(request))
        draft_send(request);
      else
        drafts_.add(make(request, group));
    }
    if (group.communicator) add_to_likeness(*group.communicator, family_->sites.of(ranks));
    if (is_group) inside_drafts_.keep(ranks, wanted, {drafts_.all(), likeness_});
    return drafts_.all();
  }

  std::uint64_t likeness() const override { return likeness_.value() | 1; }

  // Not where plans hang on more than likeness says: on what was measured, and on steps that are written out.
  std::shared_ptr<const void> family() const override {
    const bool in_steps = network_ == Network::chunk || forced_.written || forced_.laid || forced_.algorithm;
    return has_measured_ || in_steps ? nullptr : family_;
  }

  std::string algorithm_name(std::uint32_t algorithm) const override {
    const Method method = Method::unpack(algorithm);
    std::string name(to_string(method.algorithm));
    if (method.algorithm == Algorithm::none || method.algorithm == Algorithm::copy) return name;
    return name + " " + std::string(to_string(method.protocol));
  }

 private:
  static bool is_send(const TransferRequest& request) {
    return request.kind == TransferKind::point_to_point && request.ranks.size() == 2;
  }

  // All sends of a pair take one route, so those of the next are written over this one's as they were.
  void draft_send(const TransferRequest& request) const {
    if (moves_nothing(request)) return drafts_.add_nothing();
    const Sends::Sent sent = sends_.reckon(request);
    drafts_.add(sent.plan, sent.uses);
    likeness_.add(sent.likeness);
  }

  GroupPlans& group_of(std::span<const RankId> ranks) const {
    if (auto it = groups_.find(ranks); it != groups_.end()) return it->second;
    const std::vector<RankId> members(ranks.begin(), ranks.end());
    GroupPlans& group = groups_[members];
    group.facts = &family_->groups[members];
    return group;
  }

  bool moves_nothing(const TransferRequest& request) const {
    if (fabric_->links().empty() || request.bytes.n <= 0 || request.ranks.empty()) return true;
    const bool alone = request.ranks.size() == 1 || request.ranks.front() == request.ranks.back();
    return alone && !is_copy(request.kind);
  }

  TransferPlan make(const TransferRequest& request, GroupFacts& group) const {
    if (moves_nothing(request)) return {};
    const bool copies = is_copy(request.kind);
    if (!copies && !group.communicator) {
      group.communicator = make_communicator(*fabric_, family_->sites.of(request.ranks), request.ranks);
      group.communicator->int8 = forced_.int8;
      if (forced_.laid && is_laid_for(*forced_.laid, *group.communicator)) lay(*forced_.laid, *group.communicator);
    }
    if (!copies)
      if (std::optional<TransferPlan> written = in_steps(request, *group.communicator)) return std::move(*written);
    Course course =
        copies ? copy_course(request, group) : this->course(request.kind, static_cast<double>(request.bytes.n), group);
    measured_.take(request, course);
    add_to_likeness(*course.links);
    TransferPlan plan = finish(course, copies || request.bytes.n > kFillsNoLink);
    if (request.kind == TransferKind::all_to_all && forced_.exchanges_aside) plan.claim = kBandwidthAlone;
    if (!copies && network_ == Network::chunk) run_in_chunks(request, *group.communicator, plan);
    return plan;
  }

  Course course(TransferKind kind, double bytes, GroupFacts& group) const {
    const Communicator& c = *group.communicator;
    switch (kind) {
      case TransferKind::all_to_all: {
        const TrafficFootprint& exchange = footprint(group, Traffic::exchange);
        likeness_.add(std::bit_cast<std::uint64_t>(exchange.parts));
        return exchange_course(bytes, c, exchange, forced_.protocol);
      }
      case TransferKind::gather:
        return messages(bytes / c.ranks, group, Traffic::gather, Algorithm::fan);
      case TransferKind::scatter:
        return messages(bytes / c.ranks, group, Traffic::scatter, Algorithm::fan);
      case TransferKind::ring_shift:
      case TransferKind::point_to_point:
        return messages(bytes, group, Traffic::shift, Algorithm::send);
      default: {
        const Choice choice = nccl_choice(kind, bytes, c, forced_, choices(group, kind));
        const bool small = bytes <= kFillsNoLink && c.graph.speed > 0;
        return collective_course(kind, bytes, c, choice,
                                 small ? unloaded(group) : footprint(group, traffic_of(kind, choice.algorithm)).links);
      }
    }
  }

  // One message each from (to) several ranks.
  Course messages(double bytes, GroupFacts& group, Traffic traffic, Algorithm algorithm) const {
    const Communicator& c = *group.communicator;
    return message_course(bytes, c.site, c.nodes() > 1, c.network_latency, footprint(group, traffic).links, algorithm);
  }

  std::span<const Choice> choices(GroupFacts& group, TransferKind kind) const {
    for (const auto& [known, choices] : group.choices)
      if (known == kind) return choices;
    return group.choices.emplace_back(kind, nccl_choices(kind, *group.communicator, forced_)).second;
  }

  // The footprint of `traffic` for this group, made on first use.
  const TrafficFootprint& footprint(GroupFacts& group, Traffic traffic) const {
    for (const auto& [known, links] : group.footprints)
      if (known == traffic) return links;
    return group.footprints.emplace_back(traffic, family_->make_footprints.make(traffic, *group.communicator)).second;
  }

  const Footprint& unloaded(GroupFacts& group) const {
    if (!group.unloaded) {
      const double rate = group.communicator->graph.speed * kGiga;
      group.unloaded = {.uses = nullptr, .nvlink_rate = rate, .network_rate = rate};
    }
    return *group.unloaded;
  }

  Course copy_course(const TransferRequest& request, GroupFacts& group) const {
    const bool to_host = request.kind == TransferKind::copy;
    std::optional<Footprint>& way = to_host ? group.to_host : group.from_host;
    if (!way) way = family_->make_footprints.host(request.ranks[0], to_host);
    const topology::ClusterSpec& cluster = fabric_->cluster();
    const topology::HostSpec& host = cluster.host_of(cluster.kind_of(request.ranks[0]));
    const double rate = way->uses->empty() ? static_cast<double>(host.pcie_bandwidth.n) : way->rate(1, 1);
    Course course;
    course.links = &*way;
    course.startup = kCopyStartup;
    course.bytes = static_cast<double>(request.bytes.n);
    course.seconds = rate > 0 ? course.bytes / rate : 0;
    course.method = {Algorithm::copy, Protocol::simple, 1};
    return course;
  }

  bool uses_links(const Footprint& links) const { return network_ != Network::analytic && !links.uses->empty(); }

  // Where a person asked for an algorithm that is not NCCL's, and it does this.
  std::optional<TransferPlan> in_steps(const TransferRequest& request, const Communicator& c) const {
    const double bytes = static_cast<double>(request.bytes.n);
    MaybeSteps steps;
    Algorithm algorithm = Algorithm::written;
    if (forced_.written && forced_.written->ranks <= c.ranks) {
      steps = forced_.written->steps;
      for (Step& step : *steps)
        for (Message& m : step.messages) m.bytes *= bytes;
    } else if (forced_.algorithm && models::in_steps(*forced_.algorithm)) {
      algorithm = *forced_.algorithm;
      steps = steps_of(algorithm, request.kind, steps_.places_of(request.ranks, c), bytes);
    }
    if (!steps) return std::nullopt;
    TransferPlan plan = steps_.plan(*steps, request.ranks, c, algorithm, forced_.protocol);
    if (network_ == Network::chunk)
      stretch(plan, steps_.chunked(*steps, request.ranks, c, Method::unpack(plan.algorithm).protocol));
    if (network_ == Network::analytic || request.bytes.n <= kFillsNoLink)
      for (Phase& phase : plan.phases) phase.uses = nullptr;
    return plan;
  }

  // NCCL's rings step by step; what switches reduce, trees and messages flow.
  void run_in_chunks(const TransferRequest& request, const Communicator& c, TransferPlan& plan) const {
    const Method method = Method::unpack(plan.algorithm);
    if (method.algorithm != Algorithm::ring) return;
    const Places places = steps_.places_of(request.ranks, c);
    const MaybeSteps steps = rings_over_rails(request.kind, places, static_cast<double>(request.bytes.n));
    if (steps) stretch(plan, steps_.chunked(*steps, request.ranks, c, method.protocol, rails_of(places)));
  }

  void add_to_likeness(const Footprint& links) const {
    likeness_.add(std::bit_cast<std::uint64_t>(links.nvlink_rate))
        .add(std::bit_cast<std::uint64_t>(links.network_rate))
        .add(std::bit_cast<std::uint64_t>(links.port_rate));
  }

  // All that courses read of it.
  void add_to_likeness(const Communicator& c, const Site& site) const {
    const ChannelGraph& g = c.graph;
    for (const int n : {c.ranks, c.ranks_per_domain, c.nodes(), g.channels, g.spread, g.heads, g.nvls_channels})
      likeness_.add(static_cast<std::uint64_t>(n));
    for (const double x : {c.network_latency, g.speed, g.tree_speed, g.rails, g.nvls_intra, g.nvls_inter})
      likeness_.add(std::bit_cast<std::uint64_t>(x));
    likeness_.add((c.even ? 1u : 0u) | (c.int8 ? 2u : 0u)).add(reinterpret_cast<std::uintptr_t>(&site));
  }

  TransferPlan finish(const Course& course, bool on_links) const {
    return plan_of(course, fabric_->paths(), on_links && uses_links(*course.links));
  }

  const std::shared_ptr<PlannerFamily> family_;
  const Fabric* const fabric_;
  const Network network_;
  const Forced& forced_;
  const bool has_measured_;
  MeasuredCourses measured_;
  mutable InsideDrafts inside_drafts_;
  StepPlanner steps_;
  mutable Sends sends_;
  mutable Drafts drafts_;
  mutable Digest likeness_;  // of the ranks that drafts were made for last
  mutable Shelf<TransferPlan> group_plans_;
  mutable PlansOfGroups groups_;
};

}  // namespace

std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<const topology::Fabric> fabric,
                                                         Network network,
                                                         const std::shared_ptr<const CollectiveFacts>& facts,
                                                         const Forced& forced, MeasuredTransfers measured) {
  return make_planner(std::make_shared<PlannerFamily>(PlannerSettings{std::move(fabric), network, facts, forced}),
                      std::move(measured));
}

std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<PlannerFamily> family,
                                                         MeasuredTransfers measured) {
  return std::make_shared<NcclPlanner>(std::move(family), std::move(measured));
}

}  // namespace orrery::models
