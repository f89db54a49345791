// Branch and bound over orders.
//
// A node decides what one rank does next: of those that are not waiting, the rank
// that is free first. A rank that picked an action whose input nobody has made yet
// waits until somebody has. Passes of one kind run in the order of the
// micro-batches, which are all alike, so a decision is F, I or W.
//
// The work of a rank is given, so its window is that plus what it idles: a node
// dies when some rank has idled more than the window allows, or must, because the
// last gradient still has to come back up from a rank that is not through
// (lower_bound). Two nodes that differ only in how they were reached have the same
// future; the second one dies as well.
#include "models/schedules/search/zb_exact.h"

#include <unordered_set>

#include "models/schedules/search/zb_heuristic.h"
#include "sim/base/digest.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNotYet = -1;
enum Kind { kForward, kInput, kWeight, kNothing };

struct Rank {
  int done[3] = {0, 0, 0};  // by kind
  Kind waiting_for = kNothing;
  std::int64_t now = 0, start = kNotYet, held = 0;
  std::vector<std::int64_t> end[2];  // of forwards and input gradients, by micro-batch
};

using Node = std::vector<Rank>;

class Search {
 public:
  Search(const ScheduleRequest& request, std::int64_t window, std::int64_t nodes)
      : m_(request.micro_batches), window_(window), left_(nodes), path_(static_cast<std::size_t>(request.ranks)) {
    for (int s = 0; s < request.ranks; ++s) {
      costs_.push_back(costs_of(request, s));
      memory_.push_back(memory_of(request, s));
    }
  }

  ZbExact run() {
    Node root(costs_.size());
    for (Rank& rank : root)
      for (auto& end : rank.end) end.assign(static_cast<std::size_t>(m_), kNotYet);
    descend(root);
    return {best_, left_ > 0};
  }

 private:
  std::int64_t cost(std::size_t s, Kind kind) const {
    if (kind == kForward) return costs_[s].forward;
    return kind == kInput ? costs_[s].input_gradient : costs_[s].weight_gradient;
  }
  int rest(const Rank& rank, Kind kind) const { return m_ - rank.done[kind]; }

  // When the input of a rank's next pass of a kind is there; kNotYet: unknown.
  std::int64_t arrival(const Node& node, std::size_t s, Kind kind) const {
    const auto k = static_cast<std::size_t>(node[s].done[kind]);
    if (kind == kWeight) return 0;
    if (kind == kForward && s == 0) return 0;
    if (kind == kInput && s + 1 == node.size()) return node[s].end[kForward][k];
    const std::size_t from = kind == kForward ? s - 1 : s + 1;
    const std::int64_t end = node[from].end[kind][k];
    return end == kNotYet ? kNotYet : end + costs_[from].transfer;
  }

  bool may(const Rank& rank, std::size_t s, Kind kind) const {
    if (rest(rank, kind) == 0) return false;
    if (kind == kForward) return rank.held + memory_[s].input + memory_[s].weight <= memory_[s].limit;
    return rank.done[kind] < rank.done[kind - 1];
  }

  void descend(const Node& node) {
    if (left_ <= 0 || lower_bound(node) >= window_) return;
    if (!seen_.insert(fingerprint(node)).second) return;
    --left_;
    std::size_t who = node.size();
    for (std::size_t s = 0; s < node.size(); ++s)
      if (node[s].waiting_for == kNothing && rest(node[s], kWeight) > 0 &&
          (who == node.size() || node[s].now < node[who].now))
        who = s;
    if (who == node.size()) return finish(node);
    for (const Kind kind : {kInput, kForward, kWeight})
      if (may(node[who], who, kind) && !wastes(node, who, kind)) decide(node, who, kind);
  }

  // A weight gradient would fit into the wait for free.
  bool wastes(const Node& node, std::size_t s, Kind kind) const {
    const std::int64_t input = arrival(node, s, kind);
    return input != kNotYet && may(node[s], s, kWeight) && input - node[s].now >= cost(s, kWeight);
  }

  void decide(const Node& node, std::size_t s, Kind kind) {
    Node next = node;
    next[s].waiting_for = kind;
    std::vector<std::size_t> lengths;
    for (const Order& order : path_) lengths.push_back(order.size());
    // Whoever has its input now goes on, which may give another one its own.
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t r = 0; r < next.size(); ++r) moved = perform(next, r) || moved;
    }
    descend(next);
    for (std::size_t r = 0; r < path_.size(); ++r) path_[r].resize(lengths[r]);
  }

  bool perform(Node& node, std::size_t s) {
    Rank& rank = node[s];
    const Kind kind = rank.waiting_for;
    if (kind == kNothing) return false;
    const std::int64_t input = arrival(node, s, kind);
    if (input == kNotYet) return false;
    const std::int64_t begin = std::max(rank.now, input);
    if (rank.start == kNotYet) rank.start = begin;
    rank.now = begin + cost(s, kind);
    const int k = rank.done[kind]++;
    if (kind != kWeight) rank.end[kind][static_cast<std::size_t>(k)] = rank.now;
    if (kind == kForward) rank.held += memory_[s].input + memory_[s].weight;
    if (kind == kInput) rank.held -= memory_[s].input;
    if (kind == kWeight) rank.held -= memory_[s].weight;
    rank.waiting_for = kNothing;
    constexpr Action::Type kTypes[] = {Action::Type::forward, Action::Type::input_gradient,
                                       Action::Type::weight_gradient};
    path_[s].push_back({kTypes[kind], static_cast<int>(s), k});
    return true;
  }

  // No rank's window can be shorter than this. A gradient that comes back to rank
  // s after the last one of rank q has its way up and one weight gradient before it.
  std::int64_t lower_bound(const Node& node) const {
    std::int64_t bound = 0, last_gradient = 0;
    for (std::size_t s = node.size(); s-- > 0;) {
      const Rank& rank = node[s];
      const std::int64_t passes = rest(rank, kForward) * cost(s, kForward) + rest(rank, kInput) * cost(s, kInput);
      if (rest(rank, kInput) > 0) {
        last_gradient += last_gradient > 0 ? costs_[s + 1].transfer + cost(s, kInput) : 0;
        last_gradient = std::max(last_gradient, rank.now + passes);
        if (rank.start != kNotYet) bound = std::max(bound, last_gradient + cost(s, kWeight) - rank.start);
      }
      if (rank.start != kNotYet)
        bound = std::max(bound, rank.now + passes + rest(rank, kWeight) * cost(s, kWeight) - rank.start);
    }
    return bound;
  }

  void finish(const Node& node) {
    std::int64_t longest = 0;
    for (const Rank& rank : node) {
      if (rest(rank, kWeight) > 0) return;  // all wait for each other
      longest = std::max(longest, rank.now - rank.start);
    }
    if (longest >= window_) return;
    window_ = longest;
    best_ = path_;
    seen_.clear();  // what was too long for the window before may be reached again on the way to less
  }

  std::uint64_t fingerprint(const Node& node) const {
    std::uint64_t hash = 0;
    const auto add = [&hash](std::int64_t x) { hash = Digest::mix(hash ^ Digest::mix(static_cast<std::uint64_t>(x))); };
    for (std::size_t s = 0; s < node.size(); ++s) {
      const Rank& rank = node[s];
      for (const int n : rank.done) add(n);
      add(rank.waiting_for), add(rank.now), add(rank.start);
      // Of what was made only what is still to be used matters.
      const int forwards_used = s + 1 < node.size() ? node[s + 1].done[kForward] : rank.done[kInput];
      for (int k = forwards_used; k < rank.done[kForward]; ++k) add(rank.end[kForward][static_cast<std::size_t>(k)]);
      for (int k = s > 0 ? node[s - 1].done[kInput] : m_; k < rank.done[kInput]; ++k)
        add(rank.end[kInput][static_cast<std::size_t>(k)]);
    }
    return hash;
  }

  int m_;
  std::int64_t window_, left_;
  std::vector<ScheduleCosts> costs_;
  std::vector<StageMemory> memory_;
  Orders path_, best_;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace

ZbExact zb_exact(const ScheduleRequest& request, std::int64_t window, std::int64_t nodes) {
  return Search(request, window, nodes).run();
}

}  // namespace orrery::models
