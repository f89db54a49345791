#include "models/collectives/planner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/collectives/link_uses.h"
#include "models/collectives/nccl_choice.h"
#include "sim/fold_planner.h"

// How a plan comes about
//
// NCCL's estimates choose algorithm and protocol (nccl_choice). The footprint of
// the algorithm (link_uses) says how many connections cross each link; every
// connection carries the same bytes, so a plan is one phase: a startup time, then
// those bytes at a rate that the network grants. max_rate is what one connection
// gets with nobody else around, so a transfer alone takes startup + bytes/max_rate
// in both network models, and others on a link can only slow it down.

namespace orrery::models {
namespace {

using sim::Phase;
using sim::TransferKind;
using sim::TransferPlan;
using sim::TransferRequest;
using topology::Fabric;

// Numbers for TransferPlan::algorithm: shape x protocol.
enum class Shape : std::uint32_t { none, ring, tree, chain, exchange, send, gather, scatter, copy };
constexpr const char* kShapeNames[] = {"none", "ring",   "tree",    "chain", "all-to-all",
                                       "send", "gather", "scatter", "copy"};
constexpr const char* kProtocolNames[] = {"LL", "LL128", "Simple"};

std::uint32_t number(Shape shape, Protocol protocol) {
  return static_cast<std::uint32_t>(shape) * kProtocols + static_cast<std::uint32_t>(protocol);
}

// Time for a copy engine to start on a host copy (from memory: 3 to 5 us on PCIe).
constexpr double kCopyStartup = 4;
constexpr double kMicro = 1e-6, kGiga = 1e9;

// A message of at most a page is all startup: at the slowest rate of a fabric its
// bytes take nanoseconds, so it is not worth a place on the links. Scalars that a
// whole job agrees on would else set the root of their tree apart from everybody
// else, and with it every rank that stands where the root does.
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
  std::vector<std::pair<Shape, ExchangeFootprint>> footprints;
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
  NcclPlanner(std::shared_ptr<const Fabric> fabric, Network network)
      : fabric_(std::move(fabric)),
        network_(network),
        site_(make_site(fabric_->cluster())),
        nvlink_send_channels_(send_channels(site_.generation, false, site_.nic_rate)),
        network_send_channels_(send_channels(site_.generation, true, site_.nic_rate)),
        make_footprints_(*fabric_),
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

  std::span<const TransferPlan> drafts(std::span<const RankId> ranks,
                                       std::span<const sim::Wanted> wanted) const override {
    drafts_.clear();
    // A group of most ranks is one of a kind: it will be asked for again.
    const bool keep = 2 * ranks.size() > static_cast<std::size_t>(fabric_->gpus());
    GroupPlans draft;
    GroupPlans& group = keep ? group_of(ranks) : draft;
    for (const auto& [kind, bytes] : wanted) {
      const TransferRequest request{kind, ranks, bytes};
      drafts_.push_back(is_send(request) ? make_send(request) : make(request, group));
    }
    return drafts_;
  }

  std::string algorithm_name(std::uint32_t algorithm) const override {
    const std::uint32_t shape = algorithm / kProtocols;
    if (shape >= std::size(kShapeNames)) return "unknown";
    if (shape == static_cast<std::uint32_t>(Shape::none) || shape == static_cast<std::uint32_t>(Shape::copy))
      return kShapeNames[shape];
    return std::string(kShapeNames[shape]) + " " + kProtocolNames[algorithm % kProtocols];
  }

 private:
  // Time before the bytes, and what one connection then carries and how fast.
  struct Course {
    double startup = 0;    // microseconds
    double bytes = 0;      // of one connection
    double rate = 0;       // bytes/s
    double own_share = 0;  // seconds of copying that the bytes wait for
    const Footprint* links = nullptr;
    std::uint32_t algorithm = 0;
  };

  // What the plan of a send depends on, but for the links that it loads.
  struct SendKind {
    Bytes bytes;
    bool crosses = false;
    Duration latency;
    double nvlink_rate = 0, network_rate = 0;
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

  // Thousands of pairs in a row differ in nothing but their links.
  TransferPlan make_send(const TransferRequest& request) const {
    if (moves_nothing(request)) return {};
    const RankId from = request.ranks[0], to = request.ranks[1];
    const bool crosses = !fabric_->same_domain(from, to);
    const Duration latency = fabric_->latency(from, to);
    const auto connections = static_cast<std::uint32_t>(crosses ? network_send_channels_ : nvlink_send_channels_);
    const Footprint links = make_footprints_.route(from, to, connections);
    SendKind kind{request.bytes, crosses, latency, links.nvlink_rate, links.network_rate};
    if (!(kind == last_send_kind_)) {
      Course course =
          message(static_cast<double>(request.bytes.n), links, Shape::send, crosses, latency.seconds() / kMicro);
      course.bytes /= connections;
      last_send_ = finish(course, 1, false);
      last_send_kind_ = kind;
    }
    TransferPlan plan = last_send_;
    if (request.bytes.n > kFillsNoLink && last_send_.phases.front().bytes.n > 0 && uses_links(links))
      plan.phases.front().uses = links.uses;
    return plan;
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
    if (request.kind == TransferKind::copy) return finish(copy_course(request, group), 0, true);
    const bool on_links = request.bytes.n > kFillsNoLink;
    if (!group.communicator) group.communicator = make_communicator(*fabric_, site_, request.ranks);
    return finish(course(request, group), 1, on_links);
  }

  Course course(const TransferRequest& request, GroupPlans& group) const {
    switch (request.kind) {
      case TransferKind::all_to_all:
        return exchange_course(request, group);
      case TransferKind::gather:
        return fan_course(request, group, Shape::gather);
      case TransferKind::scatter:
        return fan_course(request, group, Shape::scatter);
      default:
        return collective_course(request, group);
    }
  }

  // The footprint of `shape` for this group, made on first use.
  const ExchangeFootprint& footprint(GroupPlans& group, Shape shape, std::span<const RankId> ranks) const {
    for (const auto& [known, links] : group.footprints)
      if (known == shape) return links;
    return group.footprints.emplace_back(shape, make_footprint(group, shape, ranks)).second;
  }

  ExchangeFootprint make_footprint(const GroupPlans& group, Shape shape, std::span<const RankId> ranks) const {
    if (shape == Shape::copy) return {make_footprints_.host(ranks[0])};
    const Communicator& c = *group.communicator;
    switch (shape) {
      case Shape::tree:
        return {make_footprints_.tree(c)};
      case Shape::chain:
        return {make_footprints_.chain(c)};
      case Shape::exchange:
        return make_footprints_.all_to_all(c);
      case Shape::gather:
        return {make_footprints_.fan(c, true)};
      case Shape::scatter:
        return {make_footprints_.fan(c, false)};
      default:
        return {make_footprints_.ring(c)};
    }
  }

  Course collective_course(const TransferRequest& request, GroupPlans& group) const {
    const Communicator& c = *group.communicator;
    const double bytes = static_cast<double>(request.bytes.n);
    const Choice choice = nccl_choice(request.kind, bytes, c);
    const bool one_way = request.kind == TransferKind::broadcast || request.kind == TransferKind::reduce;
    const bool tree = choice.algorithm == Algorithm::tree;
    const Shape shape = tree ? Shape::tree : one_way ? Shape::chain : Shape::ring;
    const double share = tree || one_way ? 1.0 : static_cast<double>(ring_steps(request.kind, c.ranks)) / c.ranks;
    const Measured& here = measured(site_.generation);

    Course course;
    course.links = &footprint(group, shape, request.ranks).links;
    course.startup = startup_microseconds(request.kind, c, choice);
    course.bytes = bytes * share / c.graph.channels;
    course.rate = course.links->rate(of(here.efficiency, choice.protocol), of(kWireShare, choice.protocol));
    if (tree) course.rate *= tree_correction(choice.protocol, bytes);
    if (!one_way)
      course.own_share =
          own_share(c, bytes, request.kind == TransferKind::all_reduce ? here.own_share_reduced : here.own_share);
    course.algorithm = number(shape, choice.protocol);
    return course;
  }

  // NCCL moves a rank's own share through the same kernel, behind the traffic of
  // the links; over a network it hides there.
  static double own_share(const Communicator& c, double bytes, double rate) {
    return c.nodes() == 1 ? bytes / c.ranks / (rate * kGiga) : 0;
  }

  // The protocol that is done first, of the two that sends know.
  Course exchange_course(const TransferRequest& request, GroupPlans& group) const {
    const Communicator& c = *group.communicator;
    const Measured& here = measured(site_.generation);
    const ExchangeFootprint& links = footprint(group, Shape::exchange, request.ranks);
    const double bytes = static_cast<double>(request.bytes.n);

    Course best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i : {0, 1}) {
      const Protocol protocol = i == 0 ? Protocol::ll : Protocol::simple;
      Course course;
      course.links = &links.links;
      course.startup = here.exchange_base[i] + here.exchange_step[i] * (c.ranks - 1) +
                       hop(c.nodes() > 1, c.network_latency, protocol);
      course.bytes = bytes / c.ranks * links.pairs_per_connection;
      course.rate = course.links->rate(here.exchange_efficiency[i], of(kWireShare, protocol));
      course.own_share = own_share(c, bytes, here.exchange_own_share);
      course.algorithm = number(Shape::exchange, protocol);
      const double time = course.startup * kMicro + course.bytes / course.rate;
      if (time < least) best = course, least = time;
    }
    return best;
  }

  double hop(bool crosses, double network_latency, Protocol protocol) const {
    return crosses ? send_hop_microseconds(site_, network_latency, protocol) : 0;
  }

  // What one message takes before its bytes, and the share of the links that it reaches.
  Course message(double bytes, const Footprint& links, Shape shape, bool crosses, double network_latency) const {
    const Measured& here = measured(site_.generation);
    const int channels = crosses ? network_send_channels_ : nvlink_send_channels_;
    const bool ll = crosses && bytes <= kSendLlBytesPerChannel * channels;
    const Protocol protocol = ll ? Protocol::ll : Protocol::simple;

    Course course;
    course.links = &links;
    course.startup = here.send_base + hop(crosses, network_latency, protocol);
    course.bytes = bytes;
    course.rate = links.rate(of(here.efficiency, Protocol::simple), of(kWireShare, protocol));
    course.algorithm = number(shape, protocol);
    return course;
  }

  // One message from (to) each rank; together they make the buffer.
  Course fan_course(const TransferRequest& request, GroupPlans& group, Shape shape) const {
    const Communicator& c = *group.communicator;
    const Footprint& links = footprint(group, shape, request.ranks).links;
    return message(static_cast<double>(request.bytes.n) / c.ranks, links, shape, c.nodes() > 1, c.network_latency);
  }

  Course copy_course(const TransferRequest& request, GroupPlans& group) const {
    Course course;
    course.links = &footprint(group, Shape::copy, request.ranks).links;
    course.startup = kCopyStartup;
    course.bytes = static_cast<double>(request.bytes.n);
    course.rate = course.links->uses->empty() ? static_cast<double>(fabric_->cluster().host.pcie_bandwidth.n)
                                              : course.links->rate(1, 1);
    course.algorithm = number(Shape::copy, Protocol::simple);
    return course;
  }

  bool uses_links(const Footprint& links) const { return network_ != Network::analytic && !links.uses->empty(); }

  // Rounded so that nothing ends early: bytes up, rate down.
  TransferPlan finish(const Course& course, std::uint8_t claim, bool on_links) const {
    Phase phase;
    phase.latency = Duration::from_seconds(course.startup * kMicro);
    if (course.rate > 0 && std::isfinite(course.rate)) {
      const double bytes = std::max(1.0, std::ceil(course.bytes));
      phase.bytes = {static_cast<std::int64_t>(bytes)};
      const double rate = bytes / (bytes / course.rate + course.own_share);
      phase.max_rate = {std::max<std::int64_t>(1, static_cast<std::int64_t>(rate))};
      if (on_links && uses_links(*course.links)) phase.uses = course.links->uses;
    }
    TransferPlan plan{{}, claim, course.algorithm};
    plan.phases.push_back(std::move(phase));
    return plan;
  }

  std::shared_ptr<const Fabric> fabric_;
  Network network_;
  Site site_;
  int nvlink_send_channels_, network_send_channels_;
  mutable SendKind last_send_kind_;
  mutable TransferPlan last_send_;  // of that kind, without its links
  mutable FootprintMaker make_footprints_;
  mutable std::vector<TransferPlan> drafts_;
  mutable Shelf<TransferPlan> group_plans_;
  mutable Shelf<SendPlan> send_plans_;
  mutable IdVector<RankId, const SendPlan*> sends_;  // by sender, the latest first
  mutable std::unordered_map<std::vector<RankId>, GroupPlans, RanksHash, RanksEqual> groups_;
};

}  // namespace

std::shared_ptr<const sim::TransferPlanner> make_planner(std::shared_ptr<const topology::Fabric> fabric,
                                                         Network network) {
  return std::make_shared<NcclPlanner>(std::move(fabric), network);
}

}  // namespace orrery::models
