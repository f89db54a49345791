#include "sim/base/shared_list.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(SharedList, CopiesAreOneUntilOneIsEdited) {
  SharedList<int> a(std::vector<int>{1, 2, 3});
  SharedList<int> b = a;
  EXPECT_EQ(a.data(), b.data());
  b.edit().push_back(4);
  EXPECT_EQ(a.size(), 3u);
  EXPECT_EQ(b.size(), 4u);
  EXPECT_EQ(b.back(), 4);
  const int* mine = b.data();
  b.edit()[0] = 7;
  EXPECT_EQ(b.data(), mine) << "who holds it alone changes it in place";
  EXPECT_EQ(a.front(), 1);
}

TEST(SharedList, IsEmptyUntilSomethingIsThere) {
  SharedList<int> none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
  none.edit().push_back(1);
  EXPECT_EQ(none.size(), 1u);
}

TEST(SharedList, IsEqualByItsItems) {
  const SharedList<int> a(std::vector<int>{1, 2}), same(std::vector<int>{1, 2}), other(std::vector<int>{1, 3});
  EXPECT_EQ(a, same);
  EXPECT_NE(a, other);
  EXPECT_NE(a, SharedList<int>());
  EXPECT_EQ(SharedList<int>(), SharedList<int>(std::vector<int>()));
}

TEST(SharedIdVector, CopiesAreOneUntilOneIsEdited) {
  SharedIdVector<RankId, int> a;
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.begin(), a.end());
  a.add(1);
  const RankId second = a.add(2);
  SharedIdVector<RankId, int> b = a;
  EXPECT_EQ(a.begin(), b.begin());
  EXPECT_EQ(a, b);
  b.edit()[second] = 3;
  EXPECT_EQ(a[second], 2);
  EXPECT_EQ(b[second], 3);
  EXPECT_NE(a, b);
  b.edit()[second] = 2;
  EXPECT_NE(a.begin(), b.begin());
  EXPECT_EQ(a, b) << "who is not one may be equal";
}

}  // namespace
}  // namespace orrery
