#pragma once

#include "sim/base/random.h"
#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim::kit {

// Two stages of one to three ranks that pass micro-batches to each other: every forward
// and backward of a stage is the same, with collectives of the stage on the main stream
// and beside it, a host that launches, and gradients that are reduced across the stages
// while the last backward passes run. Sends are the main stream's, or on their own streams
// and links while kernels go on beside them, more slowly.
class PassWorld {
 public:
  explicit PassWorld(std::uint64_t seed) : random_(seed), width_(1 + below(3)) {
    const auto n = static_cast<std::uint32_t>(width_);
    world_.planner->over_links = !chance(4);
    world_.links(2 * n, BytesPerSecond{1'500'000'000});
    world_.workload.steps = 2 + static_cast<int>(below(2));
    if (chance(2)) {
      world_.workload.claims.push_back({"nccl", {0, 137, 411}});
      world_.planner->claims[TransferKind::all_reduce] = 1;
    }
    is_asynchronous_ = chance(2);
    if (is_asynchronous_) let_sends_pass(n);
    std::vector<std::vector<std::uint32_t>> stages(2), pairs(n);
    std::vector<int> next, before;
    for (std::uint32_t r = 0; r < 2 * n; ++r) {
      stages[r / n].push_back(r);
      pairs[r % n].push_back(r);
      next.push_back(r < n ? static_cast<int>(r + n) : -1);
      before.push_back(r < n ? -1 : static_cast<int>(r - n));
    }
    tp_ = world_.groups(stages);
    dp_ = world_.groups(pairs);
    next_ = world_.peers(next);
    before_ = world_.peers(before);
    const std::uint64_t micro_batches = 3 + below(6), first_reduced = below(micro_batches);
    for (const bool first : {true, false}) world_.ranks(n, program(first, micro_batches, first_reduced));
  }

  const Workload& workload() const { return world_.workload; }

 private:
  std::uint64_t below(std::uint64_t n) { return random_.bits(counter_++) % n; }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

  // Over links of their own, some of which may be slower than others.
  void let_sends_pass(std::uint32_t n) {
    world_.planner->pair_link_from = 2 * n;
    for (std::uint32_t r = 0; r < 2 * n; ++r) world_.links(1, BytesPerSecond{chance(8) ? 400'000'000 : 1'500'000'000});
    if (chance(4)) return;
    world_.workload.claims.resize(2);
    world_.workload.claims.push_back({"p2p", {0, 93, 250}});
    world_.planner->claims[TransferKind::point_to_point] = 2;
  }

  // What comes in before a pass, and goes out behind it.
  void receive(Script& p, PeerRole from) {
    p.receive(is_asynchronous_ ? receives_ : p.main, from, 3000);
    if (is_asynchronous_) p.wait(p.main, p.last(receives_));
  }
  void send(Script& p, PeerRole to) {
    if (is_asynchronous_) p.wait(sends_, p.last(p.main));
    p.send(is_asynchronous_ ? sends_ : p.main, to, 3000);
  }

  Program program(bool first, std::uint64_t micro_batches, std::uint64_t first_reduced) {
    Script p;
    host_ = p.add_stream("host"), gradients_ = p.add_stream("gradients");
    sends_ = p.add_stream("sends"), receives_ = p.add_stream("receives");
    const std::uint64_t forward = below(1u << 30), backward = below(1u << 30);
    const bool waits_for_host = chance(2);
    const auto one = [&](char action, std::uint32_t mb) {
      const OpRef launch = p.kernel(host_, Duration::ns(200), kHost, KernelClass::unaffected);
      if (waits_for_host) p.wait(p.main, launch);
      p.begin(action, mb);
      pass(p, KeyedRandom(action == 'F' ? forward : backward));
      p.end(action, mb);
    };
    for (std::uint32_t mb = 0; mb < micro_batches; ++mb) {
      if (!first) receive(p, before_);
      one('F', mb);
      if (first) send(p, next_);
    }
    for (std::uint32_t mb = 0; mb < micro_batches; ++mb) {
      if (first) receive(p, next_);
      one('B', mb);
      if (!first) send(p, before_);
      if (mb < first_reduced) continue;
      p.wait(gradients_, p.last(p.main));
      p.all_reduce(gradients_, dp_, 20'000, kDp);
    }
    for (const StreamIndex s : {p.side, gradients_, sends_}) p.wait(p.main, p.last(s));
    p.kernel(p.main, Duration::us(1));
    return p.done();
  }

  // Equal for equal `content`.
  void pass(Script& p, KeyedRandom content) {
    std::uint64_t drawn = 0;
    const auto draw = [&](std::uint64_t n) { return content.bits(drawn++) % n; };
    const std::uint32_t tensor = p.tensor(static_cast<std::int64_t>(draw(1000)));
    p.allocate(p.main, tensor);
    for (std::uint64_t n = 4 + draw(12); n-- > 0;) {
      const std::uint64_t kind = draw(8);
      const std::int64_t bytes = 500 + static_cast<std::int64_t>(draw(5000));
      if (kind < 4) {
        p.kernel(p.main, Duration::ns(static_cast<std::int64_t>(draw(5000))), static_cast<Category>(draw(2)),
                 static_cast<KernelClass>(draw(3)));
      } else if (kind < 6) {
        p.all_reduce(p.main, tp_, bytes);
      } else if (kind == 6) {
        p.wait(p.side, p.last(p.main));
        p.all_reduce(p.side, tp_, bytes);
      } else {
        p.wait(p.main, p.last(p.side));
      }
    }
    if (draw(4) > 0) p.wait(p.main, p.last(p.side));  // else some of it is left behind
    p.free(p.main, tensor);
  }

  KeyedRandom random_;
  std::uint64_t counter_ = 0;
  std::uint64_t width_;
  World world_;
  bool is_asynchronous_ = false;
  StreamIndex host_ = 0, gradients_ = 0, sends_ = 0, receives_ = 0;
  GroupRole tp_ = 0, dp_ = 0;
  PeerRole next_ = 0, before_ = 0;
};

}  // namespace orrery::sim::kit
