#include "sim/network/flow_net.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace orrery::sim {
namespace {

using Completions = std::vector<FlowNet::Completion>;

IdVector<LinkId, Link> links(const std::vector<std::int64_t>& capacities) {
  IdVector<LinkId, Link> all;
  for (const std::int64_t capacity : capacities) all.add({.capacity = {capacity}});
  return all;
}

Phase phase(std::int64_t bytes, LinkUses uses, std::int64_t max_rate = 0) {
  return {.latency = {}, .bytes = {bytes}, .max_rate = {max_rate}, .uses = std::make_shared<LinkUses>(std::move(uses))};
}

Time at_ns(std::int64_t ns) {
  return Time::at(Duration::ns(ns));
}

Time when_of(const Completions& changed, FlowNet::ActivityId id) {
  for (const auto& completion : changed) {
    if (completion.activity == id) return completion.when;
  }
  return Time();
}

constexpr LinkId kA{0}, kB{1};

TEST(FlowNet, AloneAnActivityTakesItsBytesOverTheLink) {
  FlowNet net(links({100'000'000'000}));
  Completions changed;
  const auto id = net.start(Time(), phase(1'000'000, {{kA, 4}}));
  net.settle(Time(), changed);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].when, Time::at(Bytes{1'000'000} / BytesPerSecond{25'000'000'000}));
  EXPECT_EQ(net.load(kA).n, 100'000'000'000);
  net.end(changed[0].when, id);
  changed.clear();
  net.settle(at_ns(40'000), changed);
  EXPECT_TRUE(changed.empty());
  EXPECT_EQ(net.load(kA).n, 0);
}

// The first is alone on A until the second comes at 500: from then on they share as
// if both had been in the network from the start (the next test).
TEST(FlowNet, WhoIsAloneIsToldWhenAnotherComes) {
  FlowNet net(links({1'000'000'000, 1}));
  const Phase work = phase(1000, {{kA, 1}});
  const auto first = net.start_alone(Time(), work);
  EXPECT_EQ(net.time_alone(work), Duration::ns(1000));
  EXPECT_EQ(net.start_alone(Time(), work), FlowNet::nobody());
  const auto second = net.start(at_ns(500), work);
  EXPECT_EQ(net.disturbed(), std::vector{first});
  Completions changed;
  net.settle(at_ns(500), changed);
  EXPECT_EQ(when_of(changed, first), at_ns(1500));
  EXPECT_EQ(when_of(changed, second), at_ns(2500));
}

// 1000 bytes alone take 1000 ns on a link of 1 GB/s. A second one of 1000 bytes
// comes at 500: both go at half speed; the first has 500 bytes left and ends at
// 1500; the second then has 500 left at full speed and ends at 2000.
TEST(FlowNet, TwoThatMeetShareAndTheSecondCatchesUp) {
  FlowNet net(links({1'000'000'000}));
  Completions changed;
  const auto first = net.start(Time(), phase(1000, {{kA, 1}}));
  net.settle(Time(), changed);
  EXPECT_EQ(when_of(changed, first), at_ns(1000));
  changed.clear();
  const auto second = net.start(at_ns(500), phase(1000, {{kA, 1}}));
  net.settle(at_ns(500), changed);
  EXPECT_EQ(when_of(changed, first), at_ns(1500));
  EXPECT_EQ(when_of(changed, second), at_ns(2500));
  changed.clear();
  net.end(at_ns(1500), first);
  net.settle(at_ns(1500), changed);
  EXPECT_EQ(when_of(changed, second), at_ns(2000));
}

// Nobody hears of a link that cannot be full: two activities limited to 40 each
// on a link of 100 do not see each other come and go.
TEST(FlowNet, ALinkThatCannotBeFullJoinsNobody) {
  FlowNet net(links({100}));
  Completions changed;
  net.start(Time(), phase(1000, {{kA, 1}}, 40));
  net.settle(Time(), changed);
  changed.clear();
  const auto second = net.start(at_ns(1), phase(1000, {{kA, 1}}, 40));
  net.settle(at_ns(1), changed);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].activity, second);
  EXPECT_EQ(net.rate(second).n, 40);
}

TEST(FlowNet, OnlyWhatChangedIsReported) {
  FlowNet net(links({100, 100}));
  Completions changed;
  net.start(Time(), phase(1000, {{kA, 1}}));
  net.start(Time(), phase(1000, {{kB, 1}}));
  net.settle(Time(), changed);
  EXPECT_EQ(changed.size(), 2u);
  changed.clear();
  net.start(at_ns(10), phase(1000, {{kB, 1}}));
  net.settle(at_ns(10), changed);
  EXPECT_EQ(changed.size(), 2u);  // the two on B, each once
  std::set<FlowNet::ActivityId> ids;
  for (const auto& completion : changed) ids.insert(completion.activity);
  EXPECT_EQ(ids, (std::set<FlowNet::ActivityId>{1, 2}));
}

TEST(FlowNet, IdsAreUsedAgain) {
  FlowNet net(links({100}));
  Completions changed;
  for (int i = 0; i < 1000; ++i) {
    const auto id = net.start(at_ns(i), phase(1, {{kA, 1}}));
    EXPECT_EQ(id, 0u);
    net.settle(at_ns(i), changed);
    net.end(at_ns(i), id);
    net.settle(at_ns(i), changed);
  }
}

struct Piece {
  Phase phase;
  Time since;
  Int128 sent = 0;  // bytes x 10^-12
};

LinkUses random_uses(std::mt19937_64& random, std::uint32_t link_count) {
  std::set<std::uint32_t> crossed;
  for (std::uint64_t k = 1 + random() % 3; k > 0; --k)
    crossed.insert(static_cast<std::uint32_t>(random() % link_count));
  LinkUses uses;
  for (const std::uint32_t link : crossed) uses.push_back({{link}, static_cast<std::uint32_t>(1 + random() % 3)});
  return uses;
}

// A storm of starts and ends. What is solved only where it was touched must be
// what a network that knows only the present activities finds; no link may be
// above its capacity; and every activity ends when its bytes are through.
class Storm {
 public:
  Storm(std::uint64_t seed, std::uint32_t link_count, std::size_t at_least)
      : random_(seed), link_count_(link_count), at_least_(at_least) {
    for (std::uint32_t l = 0; l < link_count; ++l)
      capacities_.push_back(1000 + static_cast<std::int64_t>(random_() % 100'000));
    net_ = std::make_unique<FlowNet>(links(capacities_));
  }

  void run(int starts) {
    while (starts > 0 || !present_.empty()) {
      const bool start = starts > 0 && (present_.size() < at_least_ || random_() % 2);
      if (start)
        now_ = std::min(next_end(), now_ + Duration::ns(static_cast<std::int64_t>(random_() % 1'000'000)));
      else
        now_ = next_end();
      account();
      end_those_due();
      if (start) start_some(starts);
      settle();
      check_against_a_fresh_network();
      check_loads();
    }
  }

 private:
  Time next_end() const {
    Time first = Time::never();
    for (const auto& [id, when] : due_) first = std::min(first, when);
    return first;
  }

  void account() {
    for (auto& [id, piece] : present_) {
      piece.sent += static_cast<Int128>(net_->rate(id).n) * (now_ - piece.since).count_ps();
      piece.since = now_;
    }
  }

  void end_those_due() {
    for (auto it = due_.begin(); it != due_.end();) {
      if (it->second > now_) {
        ++it;
        continue;
      }
      const Piece& piece = present_.at(it->first);
      const Int128 whole = static_cast<Int128>(piece.phase.bytes.n) * 1'000'000'000'000;
      EXPECT_TRUE(piece.sent >= whole);                           // no work ends early
      EXPECT_TRUE(piece.sent - whole < net_->rate(it->first).n);  // nor a picosecond late
      net_->end(now_, it->first);
      present_.erase(it->first);
      it = due_.erase(it);
    }
  }

  void start_some(int& starts) {
    for (std::uint64_t k = 1 + random_() % 3; k > 0 && starts > 0; --k, --starts) {
      Phase next = phase(1 + static_cast<std::int64_t>(random_() % 1000), random_uses(random_, link_count_));
      if (random_() % 2) next.max_rate = {1 + static_cast<std::int64_t>(random_() % 30'000)};
      present_[net_->start(now_, next)] = {.phase = next, .since = now_};
    }
  }

  void settle() {
    Completions changed;
    net_->settle(now_, changed);
    std::set<FlowNet::ActivityId> seen;
    for (const auto& completion : changed) {
      EXPECT_TRUE(seen.insert(completion.activity).second) << "reported twice";
      EXPECT_GE(completion.when, now_);
      due_[completion.activity] = completion.when;
    }
    EXPECT_EQ(due_.size(), present_.size());
  }

  void check_against_a_fresh_network() {
    FlowNet fresh(links(capacities_));
    std::vector<std::pair<FlowNet::ActivityId, FlowNet::ActivityId>> same;
    for (auto it = present_.rbegin(); it != present_.rend(); ++it) {
      same.emplace_back(it->first, fresh.start(now_, it->second.phase));
    }
    Completions changed;
    fresh.settle(now_, changed);
    for (const auto& [mine, theirs] : same) ASSERT_EQ(net_->rate(mine), fresh.rate(theirs));
  }

  void check_loads() {
    for (std::uint32_t l = 0; l < capacities_.size(); ++l) {
      std::int64_t sum = 0;
      for (const auto& [id, piece] : present_) {
        for (const LinkUse& use : *piece.phase.uses)
          sum += use.link.value == l ? use.connections * net_->rate(id).n : 0;
      }
      EXPECT_LE(sum, capacities_[l]);
      EXPECT_EQ(net_->load({l}).n, sum);
    }
  }

  std::mt19937_64 random_;
  std::uint32_t link_count_;
  std::size_t at_least_;  // are present while there are some to start
  std::vector<std::int64_t> capacities_;
  std::unique_ptr<FlowNet> net_;
  Time now_;
  std::map<FlowNet::ActivityId, Piece> present_;
  std::map<FlowNet::ActivityId, Time> due_;
};

TEST(FlowNet, SolvingOnlyWhatWasTouchedIsSolvingEverything) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) Storm(seed, 10, 2).run(200);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) Storm(seed, 60, 60).run(300);
}

}  // namespace
}  // namespace orrery::sim
