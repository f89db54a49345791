#include "sim/fold/agreed_sizes.h"

#include <gtest/gtest.h>

#include <functional>

#include "sim/check/check.h"
#include "tests/sim/fold/fold_cluster.h"

namespace orrery::sim {
namespace {

using testing::ToyJob;
using testing::ToyWorkload;

Workload resized(Workload workload, const std::function<Bytes(const Transfer&)>& size) {
  for (Program& program : workload.programs)
    for (Transfer& transfer : program.transfers) transfer.bytes = size(transfer);
  return workload;
}

TEST(AgreedSizes, HoldWhereEqualSizesStayEqual) {
  const Workload workload = ToyWorkload(ToyJob{.tp = 2, .pp = 4, .dp = 2}).make();
  ASSERT_TRUE(check(workload).empty());
  const std::optional<AgreedSizes> agreed = AgreedSizes::of(workload);
  ASSERT_TRUE(agreed);
  EXPECT_TRUE(agreed->hold_for(workload));

  const Workload larger = resized(workload, [](const Transfer& t) { return 3 * t.bytes + Bytes{7}; });
  EXPECT_TRUE(agreed->hold_for(larger));
  EXPECT_TRUE(check(larger).empty());

  const Workload alike = resized(workload, [](const Transfer&) { return Bytes{5}; });
  EXPECT_TRUE(agreed->hold_for(alike));
  EXPECT_TRUE(check(alike).empty());
}

// One size too many: whatever check() would say of it is still to be found out.
TEST(AgreedSizes, DoNotHoldWhereOneIsAnotherThanItsLike) {
  const Workload workload = ToyWorkload(ToyJob{.tp = 2, .pp = 4, .dp = 2}).make();
  const std::optional<AgreedSizes> agreed = AgreedSizes::of(workload);
  ASSERT_TRUE(agreed);
  std::size_t refused = 0;
  for (ProgramId p{0}; p.value < workload.programs.size(); ++p.value)
    for (std::size_t t = 0; t < workload.programs[p].transfers.size(); ++t) {
      Workload other = workload;
      other.programs[p].transfers[t].bytes += Bytes{1};
      const bool is_right = check(other).empty();
      EXPECT_TRUE(is_right || !agreed->hold_for(other)) << p.value << " " << t;
      refused += is_right ? 0 : 1;
    }
  EXPECT_GT(refused, 0u);
}

// 2 + 4 are sent and 3 + 3 received: larger by as much as each, they are equal no more.
TEST(AgreedSizes, AreNoneWhereASumHasPartsOfSeveralSizes) {
  Workload workload = ToyWorkload(ToyJob{.tp = 1, .pp = 2, .dp = 1}).make();
  Transfer first = workload.programs[ProgramId{0}].transfers[0];
  first.kind = TransferKind::point_to_point;
  for (const std::int64_t bytes : {2, 4}) {
    first.bytes = {bytes};
    workload.programs[ProgramId{0}].transfers.push_back(first);
  }
  EXPECT_FALSE(AgreedSizes::of(workload));
}

}  // namespace
}  // namespace orrery::sim
