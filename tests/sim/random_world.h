#pragma once

#include "sim/base/random.h"
#include "tests/sim/engine/engine_kit.h"

namespace orrery::sim::kit {

// Random programs that always end: each rank issues the same list of steps on
// three streams, so that whoever meets meets in the same order. With `solo` ranks
// have collectives of their own beside, over a link of their own; with `host` a fourth stream
// that launches and waits. `on_main`: all but the host is on the main stream, and some sends are grouped.
class RandomWorld {
 public:
  explicit RandomWorld(std::uint64_t seed, bool solo = false, bool host = false, bool on_main = false)
      : random_(seed), solo_(solo), host_(host), on_main_(on_main) {
    world_.planner->over_links = chance(2) || solo;
    world_.links(kRanks, BytesPerSecond{1'500'000'000});
    if (solo) {
      world_.planner->own_link_from = kRanks;
      world_.links(kRanks, BytesPerSecond{1'500'000'000});
    }
    world_.workload.steps = 1 + static_cast<int>(below(3));
    if (chance(2)) add_claims();
    memory_on_side_ = chance(3);
    world_.planner->phases = on_main ? 1 + static_cast<int>(below(3)) : 1;
    all_ = world_.groups({{0, 1}, {2, 3}});
    crossing_ = world_.group({0, 1, 2, 3}, true);
    own_ = world_.groups({{0}, {1}, {2}, {3}});
    next_ = world_.peers({2, 3, -1, -1});
    before_ = world_.peers({-1, -1, 0, 1});
    const std::uint64_t shape = below(1u << 30);
    for (int stage = 0; stage < 2; ++stage)
      for (int i = 0; i < 2; ++i) world_.ranks(1, program(stage == 0, KeyedRandom(shape)));
  }

  const Workload& workload() const { return world_.workload; }

 private:
  static constexpr std::size_t kRanks = 4;

  std::uint64_t below(std::uint64_t n) { return random_.bits(counter_++) % n; }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

  void add_claims() {
    world_.workload.claims.push_back({"nccl", {0, 137, 411}});
    world_.workload.claims.push_back({"copy", {0, 0, 53}});
    world_.planner->claims[TransferKind::all_reduce] = 1;
    if (chance(2)) world_.planner->claims[TransferKind::point_to_point] = 2;
  }

  // `shape` decides what is the same for all ranks: the kinds of ops and whom they meet.
  Program program(bool first_stage, KeyedRandom shape) {
    Script p;
    const StreamIndex third = p.add_stream("third");
    const StreamIndex host = host_ ? p.add_stream("host") : StreamIndex{0};
    std::uint64_t drawn = 0;
    const auto same = [&](std::uint64_t n) { return shape.bits(drawn++) % n; };
    for (std::uint32_t i = 0; i < 60; ++i) {
      if (host_) launch(p, host);
      const auto s = on_main_ ? p.main : static_cast<StreamIndex>(same(3));
      const std::uint64_t kind = same(12);
      if (same(6) == 0) p.wait(s, p.last(static_cast<StreamIndex>(same(3))));
      const std::int64_t bytes = 100 + static_cast<std::int64_t>(same(20'000));
      if (kind < 6)
        kernels(p, s);
      else if (kind == 6)
        p.all_reduce(s, all_, bytes, kTp);
      else if (kind == 7)
        p.all_reduce(s, crossing_, bytes, kDp);
      else if (kind == 8 && on_main_ && same(2) == 0)
        exchange(p, first_stage, bytes);
      else if (kind == 8)
        first_stage ? p.send(s, next_, bytes, false, s) : p.receive(s, before_, bytes, false, s);
      else if (kind > 9 && solo_)
        p.all_reduce(s, own_, bytes, kTp);
      else if (kind == 9)
        p.begin('F', i);
      else if (kind == 10)
        p.end('F', i);
      else
        allocate(p, memory_on_side_ ? s : p.main);
    }
    for (const StreamIndex s : {p.side, third}) p.wait(p.main, p.last(s));
    return p.done();
  }

  void kernels(Script& p, StreamIndex s) {
    for (std::uint64_t n = 1 + below(5); n-- > 0;)
      p.kernel(s, Duration::ps(static_cast<std::int64_t>(below(8) * below(1'000'000))), static_cast<Category>(below(2)),
               static_cast<KernelClass>(below(3)));
  }

  void exchange(Script& p, bool first_stage, std::int64_t bytes) {
    constexpr std::uint16_t kOther = 7;
    const PeerRole peer = first_stage ? next_ : before_;
    const std::int64_t back = bytes / 2 + 1;
    if (first_stage) {
      p.send(p.main, peer, bytes, true);
      p.receive(p.main, peer, back, false, kOther);
    } else {
      p.receive(p.main, peer, bytes, true);
      p.send(p.main, peer, back, false, kOther);
    }
  }

  // At once or behind another stream; somebody waits for it, or for what was launched last.
  void launch(Script& p, StreamIndex host) {
    const auto other = on_main_ ? p.main : static_cast<StreamIndex>(below(3));
    if (chance(3)) p.wait(host, p.last(other));
    if (chance(40)) p.wait(host, {Script::main, static_cast<OpIndex>(below(40)), true});
    if (chance(2))
      p.kernel(host, Duration::ps(static_cast<std::int64_t>(below(8) * below(1'000'000))), kHost,
               KernelClass::unaffected);
    if (chance(3)) p.wait(other, p.last(host));
  }

  void allocate(Script& p, StreamIndex s) {
    const std::uint32_t t = p.tensor(static_cast<std::int64_t>(below(1000)), static_cast<std::uint8_t>(below(2)));
    p.allocate(s, t);
    if (chance(2)) p.kernel(s, Duration::ns(7));
    if (!chance(3)) p.free(s, t);
  }

  KeyedRandom random_;
  std::uint64_t counter_ = 0;
  World world_;
  bool solo_, host_, on_main_;
  bool memory_on_side_ = false;
  GroupRole all_ = 0, crossing_ = 0, own_ = 0;
  PeerRole next_ = 0, before_ = 0;
};

}  // namespace orrery::sim::kit
