#include "models/collectives/planner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/collectives/course.h"
#include "models/collectives/links/inside_drafts.h"
#include "models/collectives/phase.h"
#include "models/collectives/steps/step_planner.h"
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
constexpr double kMicro = 1e-6, kGiga = 1e9;

// A message of at most a page is all startup: at the slowest rate of a fabric its
// bytes take nanoseconds, so it is not worth a place on the links: a collective goes
// at the rate that NCCL reckons a channel with. Scalars that a whole job agrees on
// would else set the root of their tree apart from everybody else, and with it every
// rank that stands where the root does.
constexpr std::int64_t kFillsNoLink = 4096;

// What is known of one group of ranks, kept as long as the planner. Footprints
// are shared by all kinds and sizes with the same algorithm.
struct GroupPlans {
  struct Known {
    TransferKind kind;
    Bytes bytes;
    const TransferPlan* plan;
  };
  std::optional<Communicator> communicator;
  std::vector<std::pair<Shape, ShapeFootprint>> footprints;
  std::optional<Footprint> unloaded;  // of a collective that fills no link
  std::optional<Footprint> host;      // of one rank
  std::vector<Known> known;
};

// One size of message between two ranks. Pairs are many, so all that is known of
// them lies in one place, chained by sender: a rank has few peers.
struct SendPlan {
  RankId to;
  Bytes bytes;
  TransferPlan plan;
  const SendPlan* next = nullptr;  // of the same sender
};

// Grows without moving what it holds, and asks for memory now and then.
template <class T>
class Shelf {
 public:
  T& add(T item) {
    constexpr std::size_t kBlock = 256;
    if (blocks_.empty() || blocks_.back().size() == kBlock) blocks_.emplace_back().reserve(kBlock);
    return blocks_.back().emplace_back(std::move(item));
  }

 private:
  std::vector<std::vector<T>> blocks_;
};

// Groups are looked up by the ranks themselves; the hash reads a few of them.
struct RanksHash {
  using is_transparent = void;
  std::size_t operator()(std::span<const RankId> ranks) const {
    if (ranks.empty()) return 0;
    std::uint64_t h = ranks.size();
    for (RankId r : {ranks.front(), ranks[ranks.size() / 3], ranks[ranks.size() / 2], ranks.back()})
      h = (h ^ r.value) * 0x9e3779b97f4a7c15, h ^= h >> 29;
    return h;
  }
  std::size_t operator()(const std::vector<RankId>& ranks) const { return (*this)(std::span(ranks)); }
};
struct RanksEqual {
  using is_transparent = void;
  bool operator()(std::span<const RankId> a, std::span<const RankId> b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
};

// Memoises without locks: one planner an engine.
class NcclPlanner : public sim::DraftingPlanner {
 public:
  NcclPlanner(std::shared_ptr<const Fabric> fabric, Network network,
              const std::shared_ptr<const CollectiveFacts>& facts, const Forced& forced, MeasuredTransfers measured)
      : fabric_(std::move(fabric)),
        network_(network),
        forced_(forced),
        measured_(std::move(measured)),
        sites_(fabric_->cluster(), facts),
        make_footprints_(*fabric_, forced.laid),
        inside_drafts_(*fabric_),
        steps_(*fabric_, make_footprints_),
        sends_(static_cast<std::size_t>(fabric_->gpus()), nullptr) {}

  const TransferPlan& plan(const TransferRequest& request) const override {
    if (is_send(request)) return send_plan(request);
    GroupPlans& group = group_of(request.ranks);
    for (const auto& known : group.known)
      if (known.kind == request.kind && known.bytes == request.bytes) return *known.plan;
    const TransferPlan& plan = group_plans_.add(make(request, group));
    group.known.push_back({request.kind, request.bytes, &plan});
    return plan;
  }

  std::span<const sim::Draft> drafts(std::span<const RankId> ranks,
                                     std::span<const sim::Wanted> wanted) const override {
    const bool is_group = ranks.size() > 2 && fabric_->same_domain(ranks.front(), ranks.back());
    if (is_group)
      if (const auto known = inside_drafts_.find(ranks, wanted)) return *known;
    drafts_.clear();
    draft_phases_.clear();
    draft_plans_.clear();
    long_drafts_.clear();
    draft_phases_.reserve(wanted.size());  // one each, so that they stay where they are
    // A group of most ranks is one of a kind: it will be asked for again.
    const bool keep = 2 * ranks.size() > static_cast<std::size_t>(fabric_->gpus());
    GroupPlans draft;
    GroupPlans& group = keep ? group_of(ranks) : draft;
    for (const auto& [kind, bytes] : wanted) {
      const TransferRequest request{kind, ranks, bytes};
      drafts_.push_back(is_send(request) ? draft_send(request) : draft_of(make(request, group)));
    }
    if (is_group) inside_drafts_.keep(ranks, wanted, drafts_);
    return drafts_;
  }

  std::string algorithm_name(std::uint32_t algorithm) const override {
    const Method method = Method::unpack(algorithm);
    std::string name(to_string(method.algorithm));
    if (method.algorithm == Algorithm::none || method.algorithm == Algorithm::copy) return name;
    return name + " " + std::string(to_string(method.protocol));
  }

 private:
  // What the plan of a send depends on, but for the links that it loads.
  struct SendKind {
    Bytes bytes;
    bool crosses = false;
    int nodes = 1;
    Duration latency;
    double nvlink_rate = 0, network_rate = 0;
    const Site* site = nullptr;
    bool operator==(const SendKind&) const = default;
  };

  static bool is_send(const TransferRequest& request) {
    return request.kind == TransferKind::point_to_point && request.ranks.size() == 2;
  }

  const TransferPlan& send_plan(const TransferRequest& request) const {
    const RankId from = request.ranks[0], to = request.ranks[1];
    for (const SendPlan* known = sends_[from]; known != nullptr; known = known->next)
      if (known->to == to && known->bytes == request.bytes) return known->plan;
    sends_[from] = &send_plans_.add({to, request.bytes, make_send(request), sends_[from]});
    return sends_[from]->plan;
  }

  // A send without its links, and those, valid until the next call.
  struct Sent {
    const TransferPlan& plan;
    std::span<const sim::LinkUse> uses;
  };

  // Thousands of pairs in a row differ in nothing but their links.
  Sent reckon_send(const TransferRequest& request) const {
    const RankId from = request.ranks[0], to = request.ranks[1];
    const bool crosses = !fabric_->same_domain(from, to);
    const Duration latency = fabric_->latency(from, to);
    const Site& site = sites_.of(request.ranks);
    const auto connections = static_cast<std::uint32_t>(message_channels(site, crosses));
    const std::span<const sim::LinkUse> uses = make_footprints_.route(from, to, connections);
    const Footprint links = make_footprints_.rates(uses);
    const SendKind kind{request.bytes,      crosses, nodes_of(request.ranks), latency, links.nvlink_rate,
                        links.network_rate, &site};
    auto known = std::find_if(send_kinds_.begin(), send_kinds_.end(), [&](const auto& k) { return k.first == kind; });
    if (known == send_kinds_.end()) {
      Course course = message_course(static_cast<double>(request.bytes.n) / connections, site, crosses,
                                     latency.seconds() / kMicro, links, Algorithm::send);
      take_measured(request, course);
      constexpr std::size_t kKinds = 16;  // as many as are worth looking through
      if (send_kinds_.size() == kKinds) send_kinds_.pop_back();
      known = send_kinds_.emplace(send_kinds_.begin(), kind, finish(course, false));
    }
    const TransferPlan& plan = known->second;
    const bool on_links =
        network_ != Network::analytic && request.bytes.n > kFillsNoLink && plan.phases.front().bytes.n > 0;
    return {plan, on_links ? uses : std::span<const sim::LinkUse>()};
  }

  TransferPlan make_send(const TransferRequest& request) const {
    if (moves_nothing(request)) return {};
    const Sent sent = reckon_send(request);
    TransferPlan plan = sent.plan;
    if (!sent.uses.empty())
      plan.phases.front().uses = std::make_shared<const sim::LinkUses>(sent.uses.begin(), sent.uses.end());
    return plan;
  }

  // All sends of a pair take one route, so those of the next are written over this one's as they were.
  sim::Draft draft_send(const TransferRequest& request) const {
    if (moves_nothing(request)) return {};
    const Sent sent = reckon_send(request);
    return add_draft(sent.plan, sent.uses);
  }

  sim::Draft draft_of(TransferPlan plan) const {
    if (plan.phases.empty()) return {};
    draft_plans_.push_back(std::move(plan));
    const TransferPlan& kept = draft_plans_.back();
    if (kept.phases.size() > 1) return add_long_draft(kept);
    const auto& uses = kept.phases.front().uses;
    return add_draft(kept, uses ? std::span<const sim::LinkUse>(*uses) : std::span<const sim::LinkUse>());
  }

  // What is written out in steps.
  sim::Draft add_long_draft(const TransferPlan& plan) const {
    auto& phases = long_drafts_.emplace_back();
    for (const Phase& phase : plan.phases)
      phases.push_back({phase.latency, phase.bytes, phase.max_rate,
                        phase.uses ? std::span<const sim::LinkUse>(*phase.uses) : std::span<const sim::LinkUse>()});
    return {phases, plan.claim, plan.algorithm};
  }

  // NCCL's plans have one phase (finish).
  sim::Draft add_draft(const TransferPlan& plan, std::span<const sim::LinkUse> uses) const {
    const Phase& phase = plan.phases.front();
    draft_phases_.push_back({phase.latency, phase.bytes, phase.max_rate, uses});
    return {{&draft_phases_.back(), 1}, plan.claim, plan.algorithm};
  }

  GroupPlans& group_of(std::span<const RankId> ranks) const {
    if (auto it = groups_.find(ranks); it != groups_.end()) return it->second;
    return groups_[std::vector<RankId>(ranks.begin(), ranks.end())];
  }

  bool moves_nothing(const TransferRequest& request) const {
    if (fabric_->links().empty() || request.bytes.n <= 0 || request.ranks.empty()) return true;
    const bool alone = request.ranks.size() == 1 || request.ranks.front() == request.ranks.back();
    return alone && request.kind != TransferKind::copy;
  }

  TransferPlan make(const TransferRequest& request, GroupPlans& group) const {
    if (moves_nothing(request)) return {};
    const bool is_copy = request.kind == TransferKind::copy;
    if (!is_copy && !group.communicator) {
      group.communicator = make_communicator(*fabric_, sites_.of(request.ranks), request.ranks);
      group.communicator->int8 = forced_.int8;
      if (forced_.laid && is_laid_for(*forced_.laid, *group.communicator)) lay(*forced_.laid, *group.communicator);
    }
    if (!is_copy)
      if (std::optional<TransferPlan> written = in_steps(request, *group.communicator)) return std::move(*written);
    Course course =
        is_copy ? copy_course(request, group) : this->course(request.kind, static_cast<double>(request.bytes.n), group);
    take_measured(request, course);
    TransferPlan plan = finish(course, is_copy || request.bytes.n > kFillsNoLink);
    if (!is_copy && network_ == Network::chunk) run_in_chunks(request, *group.communicator, plan);
    return plan;
  }

  // What was measured in place of what the model says; bytes that the links could
  // not carry in that time are left out.
  void take_measured(const TransferRequest& request, Course& course) const {
    if (measured_.empty()) return;
    const auto time =
        measured_.time(request.kind, static_cast<int>(request.ranks.size()), nodes_of(request.ranks), request.bytes);
    if (!time) return;
    course.startup = time->startup / kMicro;
    course.seconds = time->seconds - time->startup;
    course.bytes = std::min(course.bytes, course.links->rate(1, 1) * course.seconds);
  }

  int nodes_of(std::span<const RankId> ranks) const { return measured_.empty() ? 1 : count_nodes(*fabric_, ranks); }

  Course course(TransferKind kind, double bytes, GroupPlans& group) const {
    const Communicator& c = *group.communicator;
    switch (kind) {
      case TransferKind::all_to_all:
        return exchange_course(bytes, c, footprint(group, Shape::exchange), forced_.protocol);
      case TransferKind::gather:
        return messages(bytes / c.ranks, group, Shape::gather, Algorithm::fan);
      case TransferKind::scatter:
        return messages(bytes / c.ranks, group, Shape::scatter, Algorithm::fan);
      case TransferKind::ring_shift:
      case TransferKind::point_to_point:
        return messages(bytes, group, Shape::shift, Algorithm::send);
      default: {
        const Choice choice = nccl_choice(kind, bytes, c, forced_);
        const bool small = bytes <= kFillsNoLink && c.graph.speed > 0;
        return collective_course(kind, bytes, c, choice,
                                 small ? unloaded(group) : footprint(group, shape_of(kind, choice.algorithm)).links);
      }
    }
  }

  // One message each from (to) several ranks.
  Course messages(double bytes, GroupPlans& group, Shape shape, Algorithm algorithm) const {
    const Communicator& c = *group.communicator;
    return message_course(bytes, c.site, c.nodes() > 1, c.network_latency, footprint(group, shape).links, algorithm);
  }

  // The footprint of `shape` for this group, made on first use.
  const ShapeFootprint& footprint(GroupPlans& group, Shape shape) const {
    for (const auto& [known, links] : group.footprints)
      if (known == shape) return links;
    return group.footprints.emplace_back(shape, make_footprints_.make(shape, *group.communicator)).second;
  }

  const Footprint& unloaded(GroupPlans& group) const {
    if (!group.unloaded) {
      const double rate = group.communicator->graph.speed * kGiga;
      group.unloaded = {.uses = nullptr, .nvlink_rate = rate, .network_rate = rate};
    }
    return *group.unloaded;
  }

  Course copy_course(const TransferRequest& request, GroupPlans& group) const {
    if (!group.host) group.host = make_footprints_.host(request.ranks[0]);
    const topology::ClusterSpec& cluster = fabric_->cluster();
    const topology::HostSpec& host = cluster.host_of(cluster.kind_of(request.ranks[0]));
    const double rate = group.host->uses->empty() ? static_cast<double>(host.pcie_bandwidth.n) : group.host->rate(1, 1);
    Course course;
    course.links = &*group.host;
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

  TransferPlan finish(const Course& course, bool on_links) const {
    TransferPlan plan{{}, claim_of(course.method), course.method.pack()};
    plan.phases.push_back(phase_of(course, fabric_->paths(), on_links && uses_links(*course.links)));
    return plan;
  }

  std::shared_ptr<const Fabric> fabric_;
  Network network_;
  Forced forced_;
  MeasuredTransfers measured_;
  Sites sites_;
  mutable std::vector<std::pair<SendKind, TransferPlan>> send_kinds_;  // the latest first, without links
  mutable FootprintMaker make_footprints_;
  mutable InsideDrafts inside_drafts_;
  StepPlanner steps_;
  mutable std::vector<sim::Draft> drafts_;
  mutable std::vector<sim::Draft::Phase> draft_phases_;
  mutable std::vector<std::vector<sim::Draft::Phase>> long_drafts_;
  mutable std::vector<TransferPlan> draft_plans_;  // what the links of drafts belong to
  mutable Shelf<TransferPlan> group_plans_;
  mutable Shelf<SendPlan> send_plans_;
  mutable IdVector<RankId, const SendPlan*> sends_;  // by sender, the latest first
  mutable std::unordered_map<std::vector<RankId>, GroupPlans, RanksHash, RanksEqual> groups_;
};

}  // namespace

std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<const topology::Fabric> fabric,
                                                         Network network,
                                                         const std::shared_ptr<const CollectiveFacts>& facts,
                                                         const Forced& forced, MeasuredTransfers measured) {
  return std::make_shared<NcclPlanner>(std::move(fabric), network, facts, forced, std::move(measured));
}

}  // namespace orrery::models
