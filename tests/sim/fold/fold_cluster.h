#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/workload.h"

namespace orrery::sim::testing {

// A small cluster and a small training job on it, drawn at random or by hand:
// enough structure for folding to have something to find (tensor-, data- and
// pipeline-parallel groups over shared NICs and leaf switches) and enough
// freedom for it to go wrong.
struct ToyJob {
  int tp = 2, pp = 2, dp = 2;
  bool dp_before_pp = true;  // which of the two changes faster in the rank
  int gpus_per_node = 4;
  int gpus_per_nic = 1;
  int nodes_per_leaf = 2;
  std::int64_t gpu_rate = 400'000'000'000, nic_rate = 50'000'000'000, leaf_rate = 120'000'000'000;
  std::int64_t max_rate = 0;  // of one connection; 0: only links limit
  int micro_batches = 4;
  bool overlap_dp = true;
  bool ring_inside_tp = false;  // sends around the TP group, within a class
  int straggler = -1;           // a rank with slower kernels
  int slow_nic = -1;            // a NIC at half its rate
  bool same_sizes = false;      // TP and DP collectives of one kind and size

  int ranks() const { return tp * pp * dp; }
};

// Routes through the GPU's port, and between nodes through NICs and leaves.
class ToyFabric {
 public:
  explicit ToyFabric(const ToyJob& job) : job_(job) {
    const int nodes = (job.ranks() + job.gpus_per_node - 1) / job.gpus_per_node;
    nics_ = (job.ranks() + job.gpus_per_nic - 1) / job.gpus_per_nic;
    leaves_ = (nodes + job.nodes_per_leaf - 1) / job.nodes_per_leaf;
    for (int i = 0; i < 2 * job.ranks(); ++i) links.add({.capacity = {job.gpu_rate}, .kind = 0});
    for (int i = 0; i < 2 * nics_; ++i) {
      links.add({.capacity = {i / 2 == job.slow_nic ? job.nic_rate / 2 : job.nic_rate}, .kind = 1});
    }
    for (int i = 0; i < 2 * leaves_; ++i) links.add({.capacity = {job.leaf_rate}, .kind = 2});
  }

  void route(std::uint32_t from, std::uint32_t to, std::map<LinkId, std::uint32_t>& uses) const {
    const auto use = [&uses](int link) { ++uses[LinkId{static_cast<std::uint32_t>(link)}]; };
    const int a = static_cast<int>(from), b = static_cast<int>(to);
    use(2 * a);
    use(2 * b + 1);
    if (node(a) == node(b)) return;
    const int first_nic = 2 * job_.ranks(), first_leaf = first_nic + 2 * nics_;
    use(first_nic + 2 * (a / job_.gpus_per_nic));
    use(first_nic + 2 * (b / job_.gpus_per_nic) + 1);
    if (leaf(a) == leaf(b)) return;
    use(first_leaf + 2 * leaf(a));
    use(first_leaf + 2 * leaf(b) + 1);
  }

  bool same_node(std::uint32_t a, std::uint32_t b) const {
    return node(static_cast<int>(a)) == node(static_cast<int>(b));
  }

  IdVector<LinkId, Link> links;

 private:
  int node(int gpu) const { return gpu / job_.gpus_per_node; }
  int leaf(int gpu) const { return node(gpu) / job_.nodes_per_leaf; }

  ToyJob job_;
  int nics_ = 0, leaves_ = 0;
};

// Rings for collectives, routes for sends; two phases for an all-reduce.
class ToyPlanner : public TransferPlanner {
 public:
  explicit ToyPlanner(const ToyJob& job) : job_(job), fabric_(job) {}

  const TransferPlan& plan(const TransferRequest& request) const override {
    std::vector<RankId> ranks(request.ranks.begin(), request.ranks.end());
    TransferPlan& plan = plans_[{request.kind, request.bytes.n, ranks}];
    if (!plan.phases.empty() || ranks.size() < 2) return plan;
    const bool all_reduce = request.kind == TransferKind::all_reduce;
    const bool pair = request.kind == TransferKind::point_to_point;
    const auto n = static_cast<std::int64_t>(ranks.size());
    const Bytes bytes{pair ? request.bytes.n : request.bytes.n * (n - 1) / n};
    const Phase phase{.latency = latency(ranks), .bytes = bytes, .max_rate = {job_.max_rate}, .uses = uses(ranks)};
    plan.phases.assign(all_reduce ? 2 : 1, phase);
    plan.claim = 1;
    return plan;
  }
  std::string algorithm_name(std::uint32_t) const override { return "toy"; }

 private:
  Duration latency(const std::vector<RankId>& ranks) const {
    bool inside = true;
    for (const RankId rank : ranks) inside &= fabric_.same_node(ranks[0].value, rank.value);
    return Duration::ns((inside ? 100 : 1000) * static_cast<std::int64_t>(ranks.size()));
  }

  std::shared_ptr<const LinkUses> uses(const std::vector<RankId>& ranks) const {
    auto& known = uses_[ranks];
    if (known) return known;
    std::map<LinkId, std::uint32_t> crossed;
    if (ranks.size() == 2) {
      fabric_.route(ranks[0].value, ranks[1].value, crossed);
    } else {
      for (std::size_t i = 0; i < ranks.size(); ++i) {
        fabric_.route(ranks[i].value, ranks[(i + 1) % ranks.size()].value, crossed);
      }
    }
    LinkUses all;
    for (const auto& [link, connections] : crossed) all.push_back({link, connections});
    return known = std::make_shared<LinkUses>(std::move(all));
  }

  ToyJob job_;
  ToyFabric fabric_;
  mutable std::map<std::tuple<TransferKind, std::int64_t, std::vector<RankId>>, TransferPlan> plans_;
  mutable std::map<std::vector<RankId>, std::shared_ptr<const LinkUses>> uses_;
};

enum ToyRole : std::uint16_t { kTp, kDp, kEmbedding };
enum ToyPeer : std::uint16_t { kNext, kPrevious, kRight, kLeft };
enum ToyCategory : std::uint8_t { kCompute, kTpTime, kPpTime, kDpTime };

// One stage: all forwards, then all backwards (GPipe), a TP all-gather inside each,
// transfers on a stream of their own, and the gradients' reduction beside or behind.
class ToyStage {
 public:
  ToyStage(const ToyJob& job, int stage, bool slow)
      : job_(job), stage_(stage), slow_(slow), b_("stage " + std::to_string(stage) + (slow ? " (slow)" : "")) {}

  Program write() {
    const std::uint32_t weights = b_.buffer({1'000'000}, 0, b_.label("weights"));
    b_.resident(weights);
    activation_ = b_.buffer({250'000 + 1000 * stage_}, 1, b_.label("activation"));
    for (int m = 0; m < job_.micro_batches; ++m) forward(m);
    for (int m = 0; m < job_.micro_batches; ++m) backward(m);
    reduce_gradients();
    b_.marker(main_, {.kind = Marker::Kind::step_end});
    return std::move(b_).finish();
  }

 private:
  bool first() const { return stage_ == 0; }
  bool last() const { return stage_ == job_.pp - 1; }

  OpRef kernel(std::int64_t us, const char* name) {
    return b_.kernel(main_, Duration::us(slow_ ? us + us / 3 : us), kCompute, KernelClass::compute_bound,
                     b_.label(name));
  }
  Transfer collective(TransferKind kind, ToyRole role, std::int64_t bytes) const {
    return {.kind = kind, .role = role, .tag = 0, .bytes = {bytes}};
  }
  Transfer pair(ToyPeer peer, std::int64_t bytes) const {
    return {.kind = TransferKind::point_to_point, .role = peer, .tag = 0, .bytes = {bytes}};
  }
  void action(Marker::Kind kind, char name, int m) {
    b_.marker(main_, {.kind = kind, .action = name, .chunk = 0, .micro_batch = static_cast<std::uint32_t>(m)});
  }

  void layer() {
    kernel(15, "qkv");
    if (job_.tp > 1)
      b_.collective(main_, collective(TransferKind::all_gather, kTp, 400'000), kTpTime, b_.label("gather"));
    kernel(25, "mlp");
    if (job_.tp > 1 && job_.ring_inside_tp) {
      b_.send(ring_, pair(kRight, 90'000), kTpTime, b_.label("pass on"), true);
      const OpRef got = b_.receive(ring_, pair(kLeft, 90'000), kTpTime, b_.label("pass on"));
      b_.wait(main_, got);
      kernel(5, "use");
    }
  }

  void forward(int m) {
    if (!first()) b_.wait(main_, b_.receive(pp_, pair(kPrevious, 200'000), kPpTime, b_.label("recv F")));
    action(Marker::Kind::action_begin, 'F', m);
    b_.allocate(main_, activation_);
    layer();
    action(Marker::Kind::action_end, 'F', m);
    if (last()) return;
    b_.wait(pp_, b_.last(main_));
    b_.send(pp_, pair(kNext, 200'000), kPpTime, b_.label("send F"));
  }

  void backward(int m) {
    if (!last()) b_.wait(main_, b_.receive(pp_, pair(kNext, 200'000), kPpTime, b_.label("recv B")));
    action(Marker::Kind::action_begin, 'B', m);
    layer();
    kernel(20, "wgrad");
    b_.free(main_, activation_);
    action(Marker::Kind::action_end, 'B', m);
    if (job_.overlap_dp && job_.dp > 1 && m + 2 >= job_.micro_batches) reduce_bucket();
    if (first()) return;
    b_.wait(pp_, b_.last(main_));
    b_.send(pp_, pair(kPrevious, 200'000), kPpTime, b_.label("send B"));
  }

  void reduce_bucket() {
    b_.wait(dp_, b_.last(main_));
    reduced_ =
        b_.collective(dp_, collective(TransferKind::reduce_scatter, kDp, 3'000'000), kDpTime, b_.label("bucket"));
  }

  void reduce_gradients() {
    if (job_.dp > 1 && !job_.overlap_dp) reduce_bucket();
    b_.wait(main_, reduced_);
    if (job_.pp > 1 && (first() || last())) {
      b_.collective(main_, collective(TransferKind::all_reduce, kEmbedding, 500'000), kPpTime, b_.label("tied"));
    }
    if (job_.dp > 1) {
      const std::int64_t bytes = job_.same_sizes ? 400'000 : 2'000'000;
      b_.collective(main_, collective(TransferKind::all_gather, kDp, bytes), kDpTime, b_.label("params"));
    }
  }

  const ToyJob& job_;
  int stage_;
  bool slow_;
  ProgramBuilder b_;
  StreamIndex main_ = b_.add_stream("main"), pp_ = b_.add_stream("pp"), dp_ = b_.add_stream("dp"),
              ring_ = b_.add_stream("ring");
  std::uint32_t activation_ = 0;
  OpRef reduced_ = OpRef::none();
};

class ToyWorkload {
 public:
  explicit ToyWorkload(const ToyJob& job) : job_(job) {}

  Workload make() {
    w_.links = ToyFabric(job_).links;
    w_.link_kinds = {"gpu", "nic", "leaf"};
    w_.categories = {{"compute"}, {"tp"}, {"pp", true}, {"dp"}};
    w_.causes = {"parameters", "activations"};
    w_.claims = {{.name = "nothing"}, {.name = "sms", .slowdown_permille = {0, 70, 30}}};
    w_.planner = std::make_shared<ToyPlanner>(job_);
    for (int s = 0; s < job_.pp; ++s) w_.programs.add(ToyStage(job_, s, false).write());
    for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(job_.ranks()); ++r) {
      w_.program_of.add({static_cast<std::uint32_t>(stage(static_cast<int>(r)))});
    }
    if (job_.straggler >= 0) {
      w_.program_of[{static_cast<std::uint32_t>(job_.straggler)}] =
          w_.programs.add(ToyStage(job_, stage(job_.straggler), true).write());
    }
    add_groups();
    add_peers();
    return std::move(w_);
  }

 private:
  int t(int r) const { return r % job_.tp; }
  int outer(int r) const { return r / job_.tp; }
  int stage(int r) const { return job_.dp_before_pp ? outer(r) / job_.dp : outer(r) % job_.pp; }
  int replica(int r) const { return job_.dp_before_pp ? outer(r) % job_.dp : outer(r) / job_.pp; }
  RankId rank(int tp, int dp, int pp) const {
    const int out = job_.dp_before_pp ? pp * job_.dp + dp : dp * job_.pp + pp;
    return {static_cast<std::uint32_t>(out * job_.tp + tp)};
  }

  template <class Key>
  void add_role(const char* name, bool crosses, Key key) {
    GroupRoleInfo role{.name = name, .group_of = {}, .crosses_pipeline = crosses};
    std::map<int, GroupId> known;
    for (int r = 0; r < job_.ranks(); ++r) {
      const int k = key(r);
      if (k >= 0 && !known.contains(k)) known[k] = w_.groups.add({});
      role.group_of.add(k < 0 ? GroupId::none() : known[k]);
      if (k >= 0) w_.groups.edit()[known[k]].members.push_back({static_cast<std::uint32_t>(r)});
    }
    w_.group_roles.edit().push_back(std::move(role));
  }

  void add_groups() {
    add_role("tp", false, [this](int r) { return outer(r); });
    add_role("dp", false, [this](int r) { return stage(r) * job_.tp + t(r); });
    add_role("embedding", true, [this](int r) {
      const bool end = stage(r) == 0 || stage(r) == job_.pp - 1;
      return end && job_.pp > 1 ? replica(r) * job_.tp + t(r) : -1;
    });
  }

  void add_peers() {
    PeerRoleInfo next{"next", {}}, previous{"previous", {}}, right{"right", {}}, left{"left", {}};
    for (int r = 0; r < job_.ranks(); ++r) {
      const int s = stage(r), d = replica(r), i = t(r);
      next.peer_of.add(s + 1 < job_.pp ? rank(i, d, s + 1) : RankId::none());
      previous.peer_of.add(s > 0 ? rank(i, d, s - 1) : RankId::none());
      right.peer_of.add(job_.tp > 1 ? rank((i + 1) % job_.tp, d, s) : RankId::none());
      left.peer_of.add(job_.tp > 1 ? rank((i + job_.tp - 1) % job_.tp, d, s) : RankId::none());
    }
    w_.peer_roles = std::vector<PeerRoleInfo>{next, previous, right, left};
  }

  ToyJob job_;
  Workload w_;
};

}  // namespace orrery::sim::testing
