// The attention kernels on an emulated GPU, against attention as its formula says in double.
#include "validate/cuda/kernels/attention.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "tests/validate/simt/emulator.h"

namespace orrery::validate::cuda {
namespace {

float value_of(Bf16 x) {
  return std::bit_cast<float>(std::uint32_t{x} << 16);
}

// [batch, tokens, heads, dim] of bf16.
struct Tensor {
  Tensor(int b, int t, int h, int d, unsigned seed)
      : tokens(t), heads(h), dim(d), data(static_cast<std::size_t>(b * t * h * d)) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (Bf16& x : data) x = static_cast<Bf16>(std::bit_cast<std::uint32_t>(normal(random)) >> 16);
  }
  double at(int b, int t, int h, int d) const {
    return value_of(data[static_cast<std::size_t>(((b * tokens + t) * heads + h) * dim + d)]);
  }

  int tokens, heads, dim;
  std::vector<Bf16> data;
};

struct Case {
  int queries, keys, heads, kv_heads;
  bool causal;
  int window;
};

// The largest error, and the root mean square of what is wanted.
struct Error {
  double largest = 0, squares = 0;
  int count = 0;
  void add(double wanted, double got) {
    largest = std::isnan(got) ? 1e9 : std::max(largest, std::abs(wanted - got));
    squares += wanted * wanted;
    ++count;
  }
  double relative() const { return largest / std::sqrt(squares / count + 1e-12); }
};

// All of attention for one (batch, head), and its gradients added to those of the keys.
struct Reference {
  using Matrix = std::vector<std::vector<double>>;
  Matrix p, o, dq;

  Reference(const Case& c, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& d_o, int b, int h,
            Matrix& dk, Matrix& dv) {
    const int g = h / (c.heads / c.kv_heads);
    const double scale = 1 / std::sqrt(static_cast<double>(q.dim));
    p.assign(static_cast<std::size_t>(c.queries), std::vector<double>(static_cast<std::size_t>(c.keys)));
    o.assign(p.size(), std::vector<double>(static_cast<std::size_t>(v.dim)));
    dq.assign(p.size(), std::vector<double>(static_cast<std::size_t>(q.dim)));
    for (int i = 0; i < c.queries; ++i) {
      auto& row = p[static_cast<std::size_t>(i)];
      double sum = 0;
      for (int j = 0; j < c.keys; ++j) {
        const int position = i + c.keys - c.queries;
        if ((c.causal && j > position) || (c.window > 0 && j <= position - c.window)) continue;
        double s = 0;
        for (int d = 0; d < q.dim; ++d) s += q.at(b, i, h, d) * k.at(b, j, g, d);
        sum += row[static_cast<std::size_t>(j)] = std::exp(s * scale);
      }
      double delta = 0;
      for (double& x : row) x = sum > 0 ? x / sum : 0;
      for (int d = 0; d < v.dim; ++d) {
        double& out = o[static_cast<std::size_t>(i)][static_cast<std::size_t>(d)];
        for (int j = 0; j < c.keys; ++j) out += row[static_cast<std::size_t>(j)] * v.at(b, j, g, d);
        delta += out * d_o.at(b, i, h, d);
      }
      for (int j = 0; j < c.keys; ++j) {
        const double pij = row[static_cast<std::size_t>(j)];
        if (pij == 0) continue;
        double dp = 0;
        for (int d = 0; d < v.dim; ++d) {
          dp += d_o.at(b, i, h, d) * v.at(b, j, g, d);
          dv[static_cast<std::size_t>(j)][static_cast<std::size_t>(d)] += pij * d_o.at(b, i, h, d);
        }
        const double ds = pij * (dp - delta) * scale;
        for (int d = 0; d < q.dim; ++d) {
          dq[static_cast<std::size_t>(i)][static_cast<std::size_t>(d)] += ds * k.at(b, j, g, d);
          dk[static_cast<std::size_t>(j)][static_cast<std::size_t>(d)] += ds * q.at(b, i, h, d);
        }
      }
    }
  }
};

template <int kDim, int kValueDim, int kWarps, int kInner, int kBands = 1, class Products = Warps>
void check(const Case& c, bool last_thread_first, int parts = 1) {
  constexpr int kBatch = 2;
  const Tensor q(kBatch, c.queries, c.heads, kDim, 1), k(kBatch, c.keys, c.kv_heads, kDim, 2),
      v(kBatch, c.keys, c.kv_heads, kValueDim, 3);
  const Tensor d_o(kBatch, c.queries, c.heads, kValueDim, 4);
  Tensor o = d_o, dq = q, dk = k, dv = v;
  std::vector<float> log_sum(static_cast<std::size_t>(kBatch * c.heads * c.queries)), delta(log_sum.size());
  AttentionTensors t{q.data.data(),
                     k.data.data(),
                     v.data.data(),
                     o.data.data(),
                     log_sum.data(),
                     d_o.data.data(),
                     delta.data(),
                     dq.data.data(),
                     dk.data.data(),
                     dv.data.data(),
                     c.queries,
                     c.keys,
                     c.heads,
                     c.kv_heads,
                     c.window,
                     c.causal,
                     static_cast<float>(1 / std::sqrt(double{kDim}))};
  std::vector<Bf16> dk_parts(static_cast<std::size_t>(parts) * dk.data.size()),
      dv_parts(static_cast<std::size_t>(parts) * dv.data.size());
  t.parts = parts;
  t.dk_parts = dk_parts.data();
  t.dv_parts = dv_parts.data();
  using C = Cut<kWarps, kBands, kInner, Products>;
  const auto tiles = [](int rows) { return (rows + C::kRows - 1) / C::kRows; };
  const auto launch = [&](int x, int y, int shared) {
    return simt::Launch{static_cast<unsigned>(x), static_cast<unsigned>(y), kWarps * 32,
                        static_cast<std::size_t>(shared), last_thread_first};
  };
  simt::run(launch(kBatch * c.heads, tiles(c.queries), forward_shared_bytes<kDim, kValueDim, C>()),
            [&] { attention_forward<kDim, kValueDim, C, 1>(t); });
  simt::run(launch((c.queries + kWarps - 1) / kWarps, kBatch * c.heads, 64), [&] { attention_delta<kValueDim>(t); });
  simt::run(launch(kBatch * c.heads, tiles(c.queries), query_gradient_shared_bytes<kDim, kValueDim, C>()),
            [&] { attention_query_gradient<kDim, kValueDim, C, 1>(t); });
  simt::run(launch(kBatch * c.kv_heads * parts, tiles(c.keys), key_gradient_shared_bytes<kDim, kValueDim, C>()),
            [&] { attention_key_gradient<kDim, kValueDim, C, 1>(t); });
  if (parts > 1) {
    const auto sum = [&](Tensor& to, const std::vector<Bf16>& of) {
      simt::run(launch(3, 1, 64), [&] {
        attention_sum_parts(to.data.data(), of.data(), parts, static_cast<long long>(to.data.size() / 2));
      });
    };
    sum(dk, dk_parts);
    sum(dv, dv_parts);
  }

  Error of_o, of_dq, of_dk, of_dv;
  for (int b = 0; b < kBatch; ++b) {
    for (int g = 0; g < c.kv_heads; ++g) {
      Reference::Matrix all_dk(static_cast<std::size_t>(c.keys), std::vector<double>(kDim)),
          all_dv(all_dk.size(), std::vector<double>(kValueDim));
      for (int h = g * c.heads / c.kv_heads; h < (g + 1) * c.heads / c.kv_heads; ++h) {
        const Reference wanted(c, q, k, v, d_o, b, h, all_dk, all_dv);
        for (int i = 0; i < c.queries; ++i) {
          for (int d = 0; d < kValueDim; ++d)
            of_o.add(wanted.o[static_cast<std::size_t>(i)][static_cast<std::size_t>(d)], o.at(b, i, h, d));
          for (int d = 0; d < kDim; ++d)
            of_dq.add(wanted.dq[static_cast<std::size_t>(i)][static_cast<std::size_t>(d)], dq.at(b, i, h, d));
        }
      }
      for (int j = 0; j < c.keys; ++j) {
        for (int d = 0; d < kDim; ++d)
          of_dk.add(all_dk[static_cast<std::size_t>(j)][static_cast<std::size_t>(d)], dk.at(b, j, g, d));
        for (int d = 0; d < kValueDim; ++d)
          of_dv.add(all_dv[static_cast<std::size_t>(j)][static_cast<std::size_t>(d)], dv.at(b, j, g, d));
      }
    }
  }
  // bf16 has 8 bits; probabilities and their gradients are rounded to it once more.
  EXPECT_LT(of_o.relative(), 0.04);
  EXPECT_LT(of_dq.relative(), 0.06);
  const double once_more = parts > 1 ? 0.02 : 0;  // so are the parts of a sum
  EXPECT_LT(of_dk.relative(), 0.06 + once_more);
  EXPECT_LT(of_dv.relative(), 0.06 + once_more);
}

TEST(Attention, CausalWithRaggedEndsAndSharedHeads) {
  check<64, 64, 4, 64>({100, 100, 4, 2, true, 0}, false);
}

// The heads of a group dealt to several blocks.
TEST(Attention, SumsOfParts) {
  check<64, 64, 4, 64>({100, 100, 8, 2, true, 0}, false, 2);
  check<64, 64, 2, 32>({70, 90, 3, 1, true, 40}, true, 3);
  check<192, 128, 2, 32>({66, 66, 2, 1, false, 0}, false, 2);
  check<64, 64, 4, 64, 1, Warpgroups>({100, 100, 4, 1, true, 0}, false, 4);
}

TEST(Attention, IsTheSameWhicheverThreadsComeFirst) {
  check<64, 64, 2, 32>({70, 70, 1, 1, true, 0}, true);
}

TEST(Attention, WithoutAMaskAndMoreKeysThanQueries) {
  check<64, 64, 2, 32>({33, 130, 2, 1, false, 0}, false);
  check<64, 64, 2, 32>({40, 97, 1, 1, true, 0}, false);
}

TEST(Attention, SlidingWindow) {
  check<64, 64, 2, 32>({150, 150, 1, 1, true, 40}, false);
}

// More queries than keys: the first ones see nothing, give nothing and get nothing.
TEST(Attention, QueriesThatSeeNothing) {
  check<64, 64, 2, 32>({90, 50, 1, 1, true, 0}, false);
}

// Long enough for tiles that are seen whole, before those on the diagonal.
TEST(Attention, TwoBandsAWarp) {
  check<64, 64, 2, 32, 2>({200, 200, 2, 1, true, 0}, false);
  check<64, 64, 2, 32, 2>({90, 150, 1, 1, true, 70}, true);
  check<128, 128, 4, 32, 2>({130, 130, 1, 1, true, 0}, false);
}

// Hopper's: four warps together, tiles in panels.
TEST(Attention, OfWarpgroups) {
  check<64, 64, 4, 64, 1, Warpgroups>({100, 100, 4, 2, true, 0}, false);
  check<128, 128, 8, 64, 1, Warpgroups>({140, 140, 1, 1, true, 0}, true);
  check<128, 128, 4, 128, 1, Warpgroups>({70, 150, 1, 1, true, 40}, false);
}

TEST(Attention, HeadsOf128AndLatentOnesOf192And128) {
  check<128, 128, 2, 32>({66, 66, 1, 1, true, 0}, false);
  check<192, 128, 2, 32>({66, 66, 1, 1, true, 0}, false);
}

}  // namespace
}  // namespace orrery::validate::cuda
