#include "sim/base/read/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace orrery {
namespace {

const std::vector<std::string> kKeys = {"tp", "cp", "pp", "sequence_length", "global_batch", "micro_batch"};

TEST(Suggest, OneSlipInAShortWordOrAThirdOfALongOne) {
  EXPECT_EQ(nearest("seqence_lenght", kKeys), "sequence_length");
  EXPECT_EQ(nearest("globalbatch", kKeys), "global_batch");
  EXPECT_EQ(nearest("tq", kKeys), "tp");
  EXPECT_EQ(nearest("zz", kKeys), "");
  EXPECT_EQ(nearest("temperature", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
}

TEST(Suggest, TiesGoToTheEarlierCandidate) {
  EXPECT_EQ(nearest("xp", kKeys), "tp");
}

TEST(Suggest, SwappedNeighboursAreOneSlip) {
  EXPECT_EQ(nearest("pt", kKeys), "tp");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("tpp", kKeys), "; did you mean 'tp'?");
  EXPECT_EQ(did_you_mean("entirely_else", kKeys), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), kKeys), "");
}

}  // namespace
}  // namespace orrery
