// What the GPU backend decides before it has a GPU.
#include <gtest/gtest.h>

#include <vector>

#include "validate/plan/gemm_layout.h"
#include "validate/plan/sm_share.h"

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
  ASSERT_FALSE(sm_share(132, 17, 9));
  EXPECT_NE(sm_share(132, 17, 9).errors()[0].what.find("at most 16 virtual ranks"), std::string::npos);
}

}  // namespace
}  // namespace orrery::validate
