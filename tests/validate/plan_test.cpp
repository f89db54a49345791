// What the GPU backend decides before it has a GPU.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "tests/models/compile/support.h"
#include "validate/backend.h"
#include "validate/plan/attention_plan.h"
#include "validate/plan/communicators.h"
#include "validate/plan/gemm_layout.h"
#include "validate/plan/sm_share.h"
#include "validate/probe/family/meetings.h"

namespace orrery::validate {
namespace {

using models::GemmRole;
using Numbers = std::vector<double>;

// A column-major product, as the library computes it.
Numbers column_major(const GemmLayout& l, const Numbers& a, const Numbers& b) {
  Numbers d(static_cast<std::size_t>(l.d.elements()));
  const auto at = [](const Numbers& x, const GemmLayout::Matrix& m, std::int64_t row, std::int64_t column) {
    return x[static_cast<std::size_t>(column * m.rows + row)];
  };
  for (std::int64_t i = 0; i < l.m; ++i)
    for (std::int64_t j = 0; j < l.n; ++j)
      for (std::int64_t k = 0; k < l.k; ++k)
        d[static_cast<std::size_t>(j * l.d.rows + i)] += (l.transpose_a ? at(a, l.a, k, i) : at(a, l.a, i, k)) *
                                                         (l.transpose_b ? at(b, l.b, j, k) : at(b, l.b, k, j));
  return d;
}

// Row-major memory of rows x columns, filled by a rule.
template <class Rule>
Numbers row_major(std::int64_t rows, std::int64_t columns, Rule rule) {
  Numbers x;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) x.push_back(rule(r, c));
  return x;
}

// y[m,n] = x[m,k] w[k,n] comes out row-major, from operands as frameworks keep them.
TEST(GemmLayout, IsTheRowMajorProductInEveryRole) {
  constexpr std::int64_t kM = 3, kN = 5, kK = 4;
  const auto x = [](std::int64_t m, std::int64_t k) { return static_cast<double>(1 + m * 7 + k); };
  const auto w = [](std::int64_t k, std::int64_t n) { return static_cast<double>(2 + k * n - 3 * n); };
  const auto y = row_major(kM, kN, [&](std::int64_t m, std::int64_t n) {
    double sum = 0;
    for (std::int64_t k = 0; k < kK; ++k) sum += x(m, k) * w(k, n);
    return sum;
  });
  const Numbers x_rows = row_major(kM, kK, x), w_rows = row_major(kK, kN, w);
  const Numbers x_transposed = row_major(kK, kM, [&](std::int64_t k, std::int64_t m) { return x(m, k); });
  const Numbers w_transposed = row_major(kN, kK, [&](std::int64_t n, std::int64_t k) { return w(k, n); });

  models::GemmShape shape{1, kM, kN, kK};
  EXPECT_EQ(column_major(gemm_layout(shape), w_transposed, x_rows), y) << "W [out, in] as it is";
  shape.role = GemmRole::data_gradient;
  EXPECT_EQ(column_major(gemm_layout(shape), w_rows, x_rows), y) << "the same W, contracted over out";
  shape.role = GemmRole::weight_gradient;
  EXPECT_EQ(column_major(gemm_layout(shape), w_rows, x_transposed), y) << "both operands token by token";
  for (const GemmRole role : {GemmRole::forward, GemmRole::data_gradient, GemmRole::weight_gradient}) {
    shape.role = role;
    shape.dtype = models::Dtype::fp8;
    EXPECT_EQ(column_major(gemm_layout(shape), w_transposed, x_rows), y) << "fp8 is TN in every role";
  }
}

TEST(SmShare, IsWhatTheArchitectureSplitsBy) {
  EXPECT_EQ(*sm_share(132, 4, 9), 32);
  EXPECT_EQ(*sm_share(132, 8, 9), 16);
  EXPECT_EQ(*sm_share(132, 16, 9), 8);
  EXPECT_EQ(*sm_share(108, 4, 8), 26);
  EXPECT_EQ(*sm_share(148, 1, 10), 144);
  EXPECT_EQ(*sm_share(132, 4, 9, 16), 16) << "the others stay idle";
  EXPECT_FALSE(sm_share(132, 4, 9, 40));
  EXPECT_FALSE(sm_share(132, 4, 9, 12));
  ASSERT_FALSE(sm_share(132, 17, 9));
  EXPECT_NE(sm_share(132, 17, 9).errors()[0].what.find("at most 16 virtual ranks"), std::string::npos);
}

TEST(SmPieces, LeaveSomeForWhatRunsBesideKernels) {
  const auto best = [](int sms, int ranks, int major, int share) {
    for (const SmPieces& cut : sm_pieces(sms, ranks, major, share, share)) {
      EXPECT_LE(cut.all() * cut.sms_of_a_piece, sms);
      EXPECT_EQ(cut.of_a_rank * cut.sms_of_a_piece, share) << "as asked for, or not at all";
    }
    return sm_pieces(sms, ranks, major, share, share).front().beside_a_rank;
  };
  EXPECT_EQ(best(132, 4, 9, 16), 1);
  EXPECT_EQ(best(132, 8, 9, 8), 1) << "128 of 132";
  EXPECT_EQ(best(132, 4, 9, 32), 0) << "none are left";
  EXPECT_EQ(best(108, 4, 8, 26), 0);
}

// Four ranks on an H100, which gives 15 pieces of eight SMs, get 24 each if it does not give four of 32.
TEST(SmPieces, AreFewerWhereTheGpuGivesFewer) {
  const std::vector<SmPieces> cuts = sm_pieces(132, 4, 9, 32, 0);
  ASSERT_EQ(cuts.size(), 4u);
  EXPECT_EQ(cuts[0].sms_of_a_piece, 32);
  EXPECT_EQ(cuts[1].all(), 12);
  EXPECT_EQ(cuts[1].of_a_rank * cuts[1].sms_of_a_piece, 24);
  EXPECT_EQ(cuts[3].of_a_rank, 1);
}

// Every rank makes the same splits, is in one part of each at most, and finds the
// communicator of whatever its program does in exactly one.
TEST(Communicators, AreThereOnceForEveryGroupStreamAndPair) {
  for (const char* layout : {"layout: {tp: 2, dp: 4, zero: 1}", "layout: {tp: 2, pp: 4}",
                             "layout: {tp: 2, pp: 2, dp: 2}", "layout: {dp: 8, zero: 3}"}) {
    SCOPED_TRACE(layout);
    std::string text = models::small_scenario();
    text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, layout);
    const models::Compiled c = models::compiled(models::read(text));
    const std::vector<Split> splits = plan_communicators(c.workload);
    std::set<CommunicatorKey> seen;
    for (const Split& split : splits) {
      std::set<RankId> ranks;
      for (const CommunicatorKey& key : split.parts) {
        EXPECT_TRUE(seen.insert(key).second) << "twice";
        for (const RankId rank : key.members) EXPECT_TRUE(ranks.insert(rank).second) << "in two parts of a split";
      }
    }
    const sim::Workload& w = c.workload;
    for (std::uint32_t r = 0; r < w.ranks(); ++r) {
      const sim::Program& program = w.programs[w.program_of[RankId{r}]];
      for (std::size_t s = 0; s < program.streams.size(); ++s) {
        for (const sim::Op& op : program.streams[s].ops) {
          if (sim::is_local(op.kind) || op.kind == sim::OpKind::copy) continue;
          const sim::Transfer& t = program.transfers[static_cast<std::size_t>(op.payload)];
          if (op.kind == sim::OpKind::collective) {
            const auto& members = w.groups[w.group_roles[t.role].group_of[RankId{r}]].members;
            EXPECT_TRUE(members.size() < 2 || seen.contains({members, false, static_cast<std::uint16_t>(s)}));
          } else {
            const RankId peer = w.peer_roles[t.role].peer_of[RankId{r}];
            const bool sends = op.kind == sim::OpKind::send;
            EXPECT_TRUE(seen.contains({{sends ? RankId{r} : peer, sends ? peer : RankId{r}}, true, t.tag}));
          }
        }
      }
    }
    EXPECT_LE(splits.size(), 16u) << "few splits: disjoint groups and pairs share one";
  }
}

// A transport finds a communicator for whatever the probes exchange.
TEST(ProbedMeetings, HaveACommunicatorForEveryGroupAndPair) {
  for (const std::size_t ranks : {1u, 2u, 3u, 6u, 8u}) {
    SCOPED_TRACE(ranks);
    const sim::Workload workload = probed_meetings(ranks);
    std::set<CommunicatorKey> keys;
    for (const Split& split : plan_communicators(workload)) keys.insert(split.parts.begin(), split.parts.end());
    std::size_t expected = 0;
    for (const std::size_t size : probed_group_sizes(ranks)) {
      for (std::uint32_t first = 0; first + size <= ranks; first += static_cast<std::uint32_t>(size), ++expected) {
        std::vector<RankId> members;
        for (std::uint32_t r = first; r < first + size; ++r) members.push_back({r});
        EXPECT_TRUE(keys.contains({members, false, 1}));
        if (size != 2) continue;
        EXPECT_TRUE(keys.contains({members, true, 0}));
        ++expected;
      }
    }
    EXPECT_EQ(keys.size(), expected);
    for (std::uint32_t r = 0; r < ranks; ++r) EXPECT_EQ(largest_transfer(workload, {r}), kLargestProbe);
  }
}

TEST(AttentionPlan, TakesTheNextHeadsAndRefusesByName) {
  models::AttentionShape shape{2, 100, 200, 8, 2, 80, 80};
  const AttentionPlan plan = *attention_plan(shape);
  EXPECT_EQ(plan.dim, 128);
  EXPECT_EQ(plan.q, 2 * 100 * 8 * 128 * 2);
  EXPECT_EQ(plan.v, 2 * 200 * 2 * 128 * 2);
  EXPECT_EQ(plan.row_figures, 2 * 100 * 8 * 4);
  shape.head_dim = 192;
  EXPECT_EQ(attention_plan(shape)->dim, 192);
  shape.head_dim = 256;
  EXPECT_NE(attention_plan(shape).errors()[0].what.find("heads of 256"), std::string::npos);
  shape.dtype = models::Dtype::fp8;
  EXPECT_NE(attention_plan(shape).errors()[0].what.find("attention in fp8"), std::string::npos);
}

// 64 tiles of 8,192 keys on 132 SMs: a key head has enough for half of them.
TEST(AttentionPlan, DealsGroupsOfHeadsWhereSmsWouldIdle) {
  const auto parts = [](int heads, int kv_heads, int keys, int sms) {
    return parts_of_group({1, keys, keys, heads, kv_heads, 128, 128}, sms);
  };
  EXPECT_EQ(parts(32, 8, 8192, 132), 1);
  EXPECT_EQ(parts(16, 2, 8192, 132), 2);
  EXPECT_EQ(parts(16, 1, 8192, 132), 4);   // of 16, since 3 does not divide it
  EXPECT_EQ(parts(16, 1, 1024, 132), 16);  // as many as there are heads
  EXPECT_EQ(parts(6, 1, 8192, 132), 3);
  EXPECT_EQ(parts(8, 8, 512, 132), 1);  // nothing is shared
  EXPECT_EQ(parts(16, 1, 8192, 16), 1);
}

}  // namespace
}  // namespace orrery::validate
