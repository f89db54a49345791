#include "models/collectives/steps/chunk_net.h"

#include <gtest/gtest.h>

#include "ports.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// ASTRA-sim's published unit values: an all-reduce of 1 MiB in four chunks, one after
// the other, over rings of 50 GiB/s and 500 ns. It charges a step 10 ns at its end, each
// chunk 10 ns, and three passes over memory at 1,600 GB/s where a step reduces; and it
// cuts every division down to whole nanoseconds, which is all that may differ.
TEST(ChunkNet, RingsTakeWhatAstraSimPublishes) {
  struct Published {
    int ranks;
    std::int64_t ns;
  };
  for (const auto [ranks, ns] : {Published{8, 64'440}, {64, 296'896}, {256, 1'079'200}, {1024, 4'206'616}}) {
    const Ports ports{.a_ns = 510, .bytes_per_second = std::int64_t{50} << 30, .reduce = {1'600'000'000'000 / 3}};
    const auto chunk = ring_steps_of(TransferKind::all_reduce, ranks, (1 << 20) / 4.0);
    const double ours = 4 * (ports.time(*chunk, ranks).seconds() * 1e9 + 10);
    const double steps = 4.0 * 2 * (ranks - 1);
    EXPECT_GE(ours, static_cast<double>(ns)) << ranks;
    EXPECT_LE(ours, static_cast<double>(ns) + steps * (1 + 1.5)) << ranks;
  }
}

// Messages of a step that share a port come one after the other.
TEST(ChunkNet, ALinkServesOneAfterTheOther) {
  ChunkNet net(std::vector<BytesPerSecond>{{1'000'000'000}});
  const Steps steps = {{{{0, 1, 1000}, {2, 1, 1000}, {3, 1, 500}}}};
  EXPECT_EQ(net.run(steps, 4, 1, [](const Message&) { return Way{{0}, Duration::us(1)}; }), Duration::ns(3500));
}

// A rank passes on the first piece while the rest is coming: a chain of n - 1 hops
// takes its bytes once, and a piece's time a hop more.
TEST(ChunkNet, PiecesFollowOneAnother) {
  Steps line;
  for (std::uint32_t r = 0; r < 4; ++r) line.push_back({{{r, r + 1, 8000}}});
  const Ports ports{.a_ns = 0, .bytes_per_second = 1'000'000'000};
  EXPECT_EQ(ports.time(line, 5, 1), Duration::us(32));
  EXPECT_EQ(ports.time(line, 5, 2), Duration::us(8 + 3 * 4));
  EXPECT_EQ(ports.time(line, 5, 8), Duration::us(8 + 3 * 1));
}

// What repeats is multiplied out; written step by step it takes equally long, on links
// of different speeds too.
TEST(ChunkNet, StepsThatRepeatAreMultipliedOutExactly) {
  const int n = 12;
  Step once = ring_steps_of(TransferKind::all_gather, n, 12 * 4096.0)->front();
  const int times = 57;
  const auto way = [](const Message& m) {
    return Way{{m.from}, m.from % 4 == 3 ? Duration::us(5) : Duration::ns(700)};
  };
  std::vector<BytesPerSecond> links;
  for (int i = 0; i < n; ++i) links.push_back({i % 4 == 3 ? 3'000'000'000 : 70'000'000'000});
  for (const int pieces : {1, 3}) {
    Steps repeated = {once}, one_by_one;
    repeated[0].times = times;
    once.times = 1;
    one_by_one.assign(times, once);
    const Duration whole = ChunkNet(links).run(one_by_one, n, pieces, way);
    for (const int period : {1, 4}) EXPECT_EQ(ChunkNet(links).run(repeated, n, pieces, way, {0}, period), whole);
  }
}

}  // namespace
}  // namespace orrery::models
