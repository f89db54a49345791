// Our own transport, on a device that executes in any order that events allow.
#include "validate/transport/copies.h"

#include <gtest/gtest.h>

#include "tests/models/compile/support.h"
#include "tests/validate/deferred_device.h"
#include "validate/runner/runner.h"

namespace orrery::validate {
namespace {

using sim::TransferKind;
using Words = std::vector<std::uint16_t>;

// A collective of n ranks over `bytes`, with random data; then each rank looks at what
// it has and spoils its buffers at once, as the kernel behind would.
struct Collective {
  Collective(TransferKind kind, int ranks, std::int64_t bytes, unsigned seed) : n(ranks), size(bytes) {
    device.seed(seed);
    std::mt19937 random(seed);
    std::vector<RankId> members;
    Exchange exchange{kind, {bytes}, 0, {}, {}, nullptr};
    for (int r = 0; r < n; ++r) {
      const RankId rank{static_cast<std::uint32_t>(3 * r + 1)};  // members are numbered in order, not by rank
      members.push_back(rank);
      const StreamHandle stream = device.add_stream(rank, "tp", StreamUse::kernels);
      device.reserve(rank, {bytes});
      Words data(static_cast<std::size_t>(bytes / 2));
      for (auto& word : data) word = static_cast<std::uint16_t>(random());
      begin.push_back(data);
      device.enqueue(stream, [this, rank, data] { device.reads(rank) = data; });  // the kernel before
      exchange.local.push_back({{rank, 0, 0, 0}, stream, device.record(stream), false});
    }
    exchange.members = members;
    std::shuffle(exchange.local.begin(), exchange.local.end(), random);
    CopyTransport(device, device).exchange({&exchange, 1});
    read.resize(members.size());
    written.resize(members.size());
    for (const Endpoint& endpoint : exchange.local) {
      const std::size_t at = endpoint.place.rank.value / 3;
      device.enqueue(endpoint.stream, [this, at, rank = endpoint.place.rank] {
        read[at] = device.reads(rank);
        written[at] = device.writes(rank);
        device.reads(rank).assign(static_cast<std::size_t>(size / 2), 0xdead);
        device.writes(rank).assign(static_cast<std::size_t>(size / 2), 0xdead);
      });
    }
    const Errors errors = device.synchronize();
    EXPECT_TRUE(errors.empty());
  }

  std::uint16_t sum(std::size_t i) const {
    std::uint16_t all = 0;
    for (const Words& words : begin) all = static_cast<std::uint16_t>(all + words[i]);
    return all;
  }
  // Elements of chunk c of n.
  std::pair<std::size_t, std::size_t> chunk(int c) const {
    const std::int64_t each = (size / n + 15) / 16 * 16;
    const auto at = [&](int i) { return static_cast<std::size_t>((i == n ? size : std::min(size, each * i)) / 2); };
    return {at(c), at(c + 1)};
  }

  DeferredDevice device;
  int n;
  std::int64_t size;
  std::vector<Words> begin, read, written;
};

template <class Check>
void for_many(TransferKind kind, Check check) {
  for (int n = 1; n <= 8; ++n)
    for (const std::int64_t bytes :
         {std::int64_t{4}, std::int64_t{16} * n, std::int64_t{1000}, std::int64_t{480} * n + 6})
      for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(testing::Message() << n << " ranks, " << bytes << " bytes, order " << seed);
        check(Collective(kind, n, bytes, seed));
        if (testing::Test::HasFailure()) return;
      }
}

TEST(CopyTransport, AllReduceSumsEverywhere) {
  for_many(TransferKind::all_reduce, [](const Collective& c) {
    for (const Words& words : c.read)
      for (std::size_t i = 0; i < words.size(); ++i) ASSERT_EQ(words[i], c.sum(i));
  });
}

TEST(CopyTransport, ReduceScatterLeavesEachItsChunk) {
  for_many(TransferKind::reduce_scatter, [](const Collective& c) {
    for (int r = 0; r < c.n; ++r)
      for (auto [i, end] = c.chunk(r); i < end; ++i) ASSERT_EQ(c.read[static_cast<std::size_t>(r)][i], c.sum(i));
  });
}

TEST(CopyTransport, AllGatherBringsEveryChunkEverywhere) {
  for_many(TransferKind::all_gather, [](const Collective& c) {
    for (int from = 0; from < c.n; ++from)
      for (auto [i, end] = c.chunk(from); i < end; ++i)
        for (const Words& words : c.read) ASSERT_EQ(words[i], c.begin[static_cast<std::size_t>(from)][i]);
  });
}

TEST(CopyTransport, AllToAllIsATransposition) {
  for_many(TransferKind::all_to_all, [](const Collective& c) {
    for (int from = 0; from < c.n; ++from) {
      for (int to = 0; to < c.n; ++to) {
        if (from == to) continue;
        const auto [source, source_end] = c.chunk(to);
        const auto [target, target_end] = c.chunk(from);
        for (std::size_t i = 0; i < std::min(source_end - source, target_end - target); ++i)
          ASSERT_EQ(c.written[static_cast<std::size_t>(to)][target + i],
                    c.begin[static_cast<std::size_t>(from)][source + i]);
      }
    }
  });
}

TEST(CopyTransport, RootedOnesAreOfTheFirstMember) {
  for_many(TransferKind::broadcast, [](const Collective& c) {
    for (const Words& words : c.read) ASSERT_EQ(words, c.begin[0]);
  });
  for_many(TransferKind::reduce, [](const Collective& c) {
    for (std::size_t i = 0; i < c.read[0].size(); ++i) ASSERT_EQ(c.read[0][i], c.sum(i));
  });
  for_many(TransferKind::gather, [](const Collective& c) {
    for (int from = 1; from < c.n; ++from)
      for (auto [i, end] = c.chunk(from); i < end; ++i)
        ASSERT_EQ(c.written[0][i], c.begin[static_cast<std::size_t>(from)][i]);
  });
  for_many(TransferKind::scatter, [](const Collective& c) {
    for (int to = 1; to < c.n; ++to)
      for (auto [i, end] = c.chunk(to); i < end; ++i)
        ASSERT_EQ(c.written[static_cast<std::size_t>(to)][i], c.begin[0][i]);
  });
  for_many(TransferKind::ring_shift, [](const Collective& c) {
    for (int r = 0; r < c.n; ++r)
      ASSERT_EQ(c.written[static_cast<std::size_t>((r + 1) % c.n)], c.begin[static_cast<std::size_t>(r)]);
  });
}

// Rounds and moved bytes are those of the algorithms that NCCL names so.
TEST(Moves, RoundsAndBytesAreTheAlgorithms) {
  for (int n = 2; n <= 16; ++n) {
    EXPECT_EQ(rounds_of(moves_of(TransferKind::all_reduce, n)), 2 * (n - 1));
    EXPECT_EQ(rounds_of(moves_of(TransferKind::all_gather, n)), n - 1);
    EXPECT_EQ(moves_of(TransferKind::all_reduce, n).size(), static_cast<std::size_t>(2 * n * (n - 1)));
    EXPECT_EQ(moves_of(TransferKind::all_to_all, n).size(), static_cast<std::size_t>(n * (n - 1)));
  }
}

TEST(CopyTransport, AnImposedLinkTakesLatencyAndBytesForEveryRound) {
  const ImposedTime link = imposed_link(Duration::us(5), BytesPerSecond{1'000'000'000});
  const std::vector<RankId> members{{0}, {1}, {2}, {3}};
  const Exchange exchange{TransferKind::all_reduce, {4000}, 0, members, {}, nullptr};
  EXPECT_EQ(*link(exchange, moves_of(exchange.kind, 4)), 6 * Duration::us(6));
  const Exchange message{TransferKind::point_to_point, {4000}, 0, std::span(members).first(2), {}, nullptr};
  EXPECT_EQ(*link(message, moves_of(message.kind, 2)), Duration::us(9));
}

// Whole scenarios go through, whatever order the device takes.
class OnCopies : public ::testing::TestWithParam<const char*> {};

TEST_P(OnCopies, ProgramsRunToTheirEnd) {
  std::string text = models::small_scenario();
  text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, GetParam());
  const models::Compiled c = models::compiled(models::read(text));
  for (unsigned seed = 1; seed <= 2; ++seed) {
    DeferredDevice device;
    device.seed(seed);
    device.holds_data = false;
    CopyTransport transport(device, device, imposed_link(Duration::us(1), {}));
    const Execution execution = execute(c.workload, device, transport);
    for (const Error& fault : execution.faults) ADD_FAILURE() << fault.what;
    EXPECT_EQ(device.holds.size() > 0, c.workload.ranks() > 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, OnCopies,
                         ::testing::Values("layout: {tp: 2, dp: 4, zero: 1}", "layout: {tp: 2, pp: 4}",
                                           "layout: {dp: 8, zero: 3}"));

}  // namespace
}  // namespace orrery::validate
