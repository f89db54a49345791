// Memory-bound kernels against plain loops in double, on an emulated GPU; and that
// they move the bytes that their families are counted with.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>
#include <vector>

#include "tests/validate/simt/emulator.h"
#include "validate/cuda/kernels/rows.h"
#include "validate/cuda/kernels/streaming.h"
#include "validate/plan/traffic.h"

namespace orrery::validate::cuda {
namespace {

constexpr std::uint64_t kVectors = 1 << 14;  // of a ring: 256 KiB

float bf16_at(const std::vector<Vector>& memory, std::uint64_t element) {
  const Vector& v = memory[element / 8 % kVectors];
  const std::uint32_t word = v.word[element % 8 / 2];
  return element % 2 == 0 ? low_bf16(word) : high_bf16(word);
}

float fp32_at(const std::vector<Vector>& memory, std::uint64_t element) {
  return float_of_bits(memory[element / 4 % kVectors].word[element % 4]);
}

class MemoryKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    simt::run({4, 1, 64}, [&] { fill_normal_bf16(in.data(), kVectors, 1.0f, 7); });
    operands = {{in.data(), kVectors - 1}, {out.data(), kVectors - 1}, 96, 2560};
  }

  template <class Operator>
  void stream(std::uint64_t units) {
    simt::run({2, 1, 64}, [&] { stream_through<Operator>(operands, units); });
  }
  // Element `e` of operand `which`.
  float in16(int which, std::uint64_t e) const { return bf16_at(in, 8 * start(which) + e); }
  float in32(int which, std::uint64_t e) const { return fp32_at(in, 4 * start(which) + e); }
  float out16(int which, std::uint64_t e) const { return bf16_at(out, 8 * start(which) + e); }
  float out32(int which, std::uint64_t e) const { return fp32_at(out, 4 * start(which) + e); }
  std::uint64_t start(int which) const { return operands.first + which * operands.stride; }

  std::vector<Vector> in = std::vector<Vector>(kVectors), out = std::vector<Vector>(kVectors);
  Operands operands;
};

constexpr double kBf16 = 1.0 / 256;  // half a step of 8 bits, relative

void expect_bf16(double wanted, double got) {
  EXPECT_NEAR(got, wanted, std::abs(wanted) * kBf16 + 1e-6);
}

TEST_F(MemoryKernels, BuffersBeginNormal) {
  double sum = 0, squares = 0, wide = 0;
  const std::uint64_t n = 8 * kVectors;
  for (std::uint64_t e = 0; e < n; ++e) sum += bf16_at(in, e), squares += std::pow(bf16_at(in, e), 2);
  for (std::uint64_t e = 0; e < n / 2; ++e) wide += std::pow(fp32_at(in, e), 2);
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.02);
  EXPECT_NEAR(wide / (n / 2), 1, 0.03) << "the same bytes as fp32";
}

TEST_F(MemoryKernels, ElementwiseOnesOfBf16) {
  constexpr std::uint64_t kUnits = 500;
  stream<Copy>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) ASSERT_EQ(out16(0, e), in16(0, e));
  stream<Add>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) expect_bf16(double{in16(0, e)} + in16(1, e), out16(0, e));
  stream<GatedActivation>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) {
    const double gate = in16(0, e);
    expect_bf16(gate / (1 + std::exp(-gate)) * in16(1, e), out16(0, e));
  }
  stream<Gelu>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) {  // the exact form; the tanh one is within 5e-4
    const double x = in16(0, e);
    EXPECT_NEAR(out16(0, e), x * 0.5 * std::erfc(-x / std::sqrt(2.0)), 1e-3 + std::abs(x) * kBf16);
  }
}

TEST_F(MemoryKernels, ElementwiseOnesOfFp32) {
  constexpr std::uint64_t kUnits = 300;
  stream<Cast>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) expect_bf16(in32(0, e), out16(0, e));
  stream<Scale>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) ASSERT_EQ(out32(0, e), in32(0, e) / 2);
  stream<Axpy>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) ASSERT_FLOAT_EQ(out32(0, e), in32(0, e) + in16(1, e));
  simt::run({2, 1, 64}, [&] { zero_vectors(operands, 2 * kUnits); });
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) ASSERT_EQ(out32(0, e), 0);
}

TEST_F(MemoryKernels, AdamIsTheFormulaOfThePaper) {
  constexpr std::uint64_t kUnits = 200;
  stream<Adam>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) {
    const double g = in32(0, e), w = in32(1, e);
    const double m = 0.9 * in32(2, e) + 0.1 * g, v = 0.95 * std::abs(in32(3, e)) + 0.05 * g * g;
    const double m_hat = m / (1 - std::pow(0.9, 100)), v_hat = v / (1 - std::pow(0.95, 100));
    const double updated = w - 1e-4 * (m_hat / (std::sqrt(v_hat) + 1e-8) + 0.1 * w);
    ASSERT_NEAR(out32(0, e), updated, 1e-6 * (1 + std::abs(updated)));
    ASSERT_NEAR(out32(1, e), m, 1e-6 * (1 + std::abs(m)));
    ASSERT_NEAR(out32(2, e), v, 1e-6 * (1 + v));
    expect_bf16(updated, out16(3, e));
  }
}

TEST_F(MemoryKernels, DropoutKeepsNineTenthsAndTheMeanAndSaysWhich) {
  constexpr std::uint64_t kUnits = 1200;
  stream<Dropout>(kUnits);
  int kept = 0;
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) {
    const Vector& v = out[(start(1) + e / 16) % kVectors];
    const auto mask = (v.word[e % 16 / 4] >> (8 * (e % 4))) & 0xff;
    ASSERT_LE(mask, 1u);
    expect_bf16(double{in16(0, e)} * static_cast<int>(mask) / 0.9, out16(0, e));
    kept += static_cast<int>(mask);
  }
  EXPECT_NEAR(kept, 0.9 * 8 * kUnits, 4 * std::sqrt(8 * kUnits * 0.09));

  stream<BiasDropoutAdd>(kUnits);
  for (std::uint64_t e = 0; e < 8 * kUnits; ++e) {
    const auto mask = (out[(start(1) + e / 16) % kVectors].word[e % 16 / 4] >> (8 * (e % 4))) & 0xff;
    const double x = static_cast<int>(mask) * (double{in16(0, e)} + in16(2, e % 4096)) / 0.9 + in16(1, e);
    EXPECT_NEAR(out16(0, e), x, 1e-5 + std::abs(x) * kBf16);
  }
}

struct Moments {
  double mean = 0, deviation = 0;
};

// With `mean` 0 where a norm does not centre.
template <class Get>
Moments moments(Get get, bool centred) {
  Moments m;
  for (int i = 0; i < kRowWidth; ++i) m.mean += centred ? get(i) / kRowWidth : 0;
  for (int i = 0; i < kRowWidth; ++i) m.deviation += std::pow(get(i) - m.mean, 2) / kRowWidth;
  m.deviation = std::sqrt(m.deviation + 1e-5);
  return m;
}

TEST_F(MemoryKernels, NormsForwardAndBackward) {
  constexpr std::uint64_t kRows = 3;
  for (const bool centred : {false, true}) {
    for (const bool reverse : {false, true}) {
      const simt::Launch launch{2, 1, kRowThreads, 4096, reverse};
      simt::run(launch, [&] { centred ? norm_rows<true>(operands, kRows) : norm_rows<false>(operands, kRows); });
      for (std::uint64_t row = 0; row < kRows; ++row) {
        const auto x = [&](int i) { return double{in16(0, row * kRowWidth + i)}; };
        const Moments m = moments(x, centred);
        for (int i = 0; i < kRowWidth; i += 7)
          expect_bf16((x(i) - m.mean) / m.deviation * in16(1, i), out16(0, row * kRowWidth + i));
      }
      simt::run(launch, [&] {
        centred ? norm_rows_backward<true>(operands, kRows) : norm_rows_backward<false>(operands, kRows);
      });
      for (std::uint64_t row = 0; row < kRows; ++row) {
        const auto x = [&](int i) { return double{in16(0, row * kRowWidth + i)}; };
        const Moments m = moments(x, centred);
        const auto n = [&](int i) { return (x(i) - m.mean) / m.deviation; };
        const auto dn = [&](int i) { return double{in16(1, row * kRowWidth + i)} * in16(2, i); };
        double mean_dn = 0, mean_dnn = 0;
        for (int i = 0; i < kRowWidth; ++i) {
          mean_dn += centred ? dn(i) / kRowWidth : 0;
          mean_dnn += dn(i) * n(i) / kRowWidth;
        }
        for (int i = 0; i < kRowWidth; i += 7) {
          const double dx = (dn(i) - mean_dn - n(i) * mean_dnn) / m.deviation;
          EXPECT_NEAR(out16(0, row * kRowWidth + i), dx, std::abs(dx) * kBf16 + 1e-5);
        }
      }
    }
  }
}

TEST_F(MemoryKernels, SoftmaxAndCrossEntropy) {
  simt::run({1, 1, kRowThreads}, [&] { softmax_rows(operands, 2); });
  for (std::uint64_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (int i = 0; i < kRowWidth; ++i) sum += std::exp(in16(0, row * kRowWidth + i));
    for (int i = 0; i < kRowWidth; i += 5)
      expect_bf16(std::exp(in16(0, row * kRowWidth + i)) / sum, out16(0, row * kRowWidth + i));
  }
  simt::run({2, 1, kRowThreads}, [&] { cross_entropy_rows(operands, 2); });
  for (std::uint64_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (int i = 0; i < kLogitWidth; ++i) sum += std::exp(in16(0, row * kLogitWidth + i));
    EXPECT_NEAR(out32(0, row), std::log(sum) - in16(0, row * kLogitWidth), 1e-4);
  }
}

TEST_F(MemoryKernels, SumsOverColumnsAndOverAll) {
  constexpr std::uint64_t kRows = 5;
  simt::run({2, kRowUnits / kRowThreads, kRowThreads}, [&] { sum_columns(operands, kRows); });
  for (int i = 0; i < kRowWidth; ++i) {
    double sum = 0;
    for (std::uint64_t row = 0; row < kRows; ++row) sum += in16(0, row * kRowWidth + i);
    ASSERT_NEAR(out32(0, i), sum, 1e-5);
  }
  out.assign(kVectors, {});
  simt::run({3, 1, kRowThreads}, [&] { sum_squares(operands, 700); });
  double squares = 0;
  for (std::uint64_t e = 0; e < 8 * 700; ++e) squares += std::pow(in32(0, e), 2);
  EXPECT_NEAR(out32(0, 0), squares, 1e-3 * squares);
}

// Rows of a whole ring: every one goes somewhere, once, unchanged.
TEST_F(MemoryKernels, GatheringPermutesRows) {
  constexpr std::uint64_t kRows = kVectors / kRowUnits;
  operands.first = 0;
  simt::run({3, 1, kRowThreads}, [&] { gather_rows(operands, kRows); });
  std::set<std::uint64_t> sources;
  for (std::uint64_t row = 0; row < kRows; ++row) {
    const std::uint64_t from = source_row(row) % kRows;
    sources.insert(from);
    for (int i = 0; i < kRowWidth; i += 3) ASSERT_EQ(out16(0, row * kRowWidth + i), in16(0, from * kRowWidth + i));
  }
  EXPECT_EQ(sources.size(), kRows);
}

TEST_F(MemoryKernels, RopeTurnsPairs) {
  std::vector<float> table;
  for (int p = 0; p < kPositions; ++p) {
    for (int i = 0; i < 64; ++i) {
      const double angle = p * std::pow(10000.0, -i / 64.0);
      table.push_back(static_cast<float>(std::cos(angle)));
      table.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const std::uint64_t heads = 3 * kHeadsPerToken;
  simt::run({2, 1, 64}, [&] { rope(operands, table.data(), heads * kHeadUnits); });
  for (std::uint64_t head = 0; head < heads; ++head) {
    for (int i = 0; i < 64; ++i) {
      const double angle = static_cast<double>(head / kHeadsPerToken) * std::pow(10000.0, -i / 64.0);
      const double a = in16(0, head * 128 + i), b = in16(0, head * 128 + 64 + i);
      EXPECT_NEAR(out16(0, head * 128 + i), a * std::cos(angle) - b * std::sin(angle), 0.02);
      EXPECT_NEAR(out16(0, head * 128 + 64 + i), a * std::sin(angle) + b * std::cos(angle), 0.02);
    }
  }
}

TEST_F(MemoryKernels, ChunksOfASumAreAdded) {
  const std::vector<Vector> before = in;
  simt::run({2, 1, 64}, [&] { add_into(in.data(), in.data() + 5000, 3000); });
  for (std::uint64_t e = 0; e < 8 * kVectors; ++e) {
    const double wanted = e < 24000 ? double{bf16_at(before, e)} + bf16_at(before, e + 40000) : bf16_at(before, e);
    ASSERT_NEAR(bf16_at(in, e), wanted, std::abs(wanted) * kBf16 + 1e-6);
  }
}

TEST_F(MemoryKernels, ChunksAreCopiedToTheLastVector) {
  const std::vector<Vector> before = in;
  simt::run({2, 1, 64}, [&] { copy_into(in.data(), in.data() + 5000, 3001); });
  for (std::uint64_t e = 0; e < 8 * kVectors; ++e)
    ASSERT_EQ(bf16_at(in, e), bf16_at(before, e < 8 * 3001 ? e + 40000 : e)) << e;
}

// A shape's bytes are what its kernel moves, to half a unit.
TEST(Traffic, UnitsMoveTheBytesAskedFor) {
  for (int i = 0; i < kMemoryKernels; ++i) {
    const auto kernel = static_cast<MemoryKernel>(i);
    EXPECT_EQ(memory_kernel(family_of(kernel)), kernel);
    const std::int64_t unit = traffic_of(kernel).unit_bytes();
    for (const std::int64_t bytes : {unit, 10 * unit + unit / 3, std::int64_t{1} << 30})
      EXPECT_LE(std::abs(units_for(kernel, {bytes}) * unit - bytes), unit / 2 + 1) << family_of(kernel);
    EXPECT_EQ(units_for(kernel, {1}), 1);
  }
  EXPECT_EQ(memory_kernel("no such family"), MemoryKernel::copy);
}

}  // namespace
}  // namespace orrery::validate::cuda
