#include "models/memory/asked_sizes.h"

#include <gtest/gtest.h>

#include <functional>

namespace orrery::models {
namespace {

constexpr std::uint32_t kRounds = 20, kEach = 10;

// The same buffers in every round, the last of which stands for a list of tensors.
sim::Program rounds(const std::function<Bytes(std::uint32_t)>& size) {
  sim::ProgramBuilder builder("stage");
  builder.add_stream("main");
  for (std::uint32_t i = 0; i < kRounds * kEach; ++i)
    builder.buffer(size(i % kEach), 0, builder.label("x"), i % kEach + 1 == kEach ? 1 : 0);
  return std::move(builder).finish();
}

TEST(AskedSizes, AreThoseOfAlikePrograms) {
  const std::vector<std::vector<Bytes>> tensors = {{}, {{5}, {100}}}, larger = {{}, {{7}, {200}}};
  const AskedSizes asked(rounds([](std::uint32_t i) { return Bytes{100 + i}; }), tensors);
  const auto sizes = asked.resized(rounds([](std::uint32_t i) { return Bytes{200 + 2 * i}; }), larger);
  ASSERT_TRUE(sizes);
  ASSERT_EQ(sizes->size(), asked.all().size());
  for (std::size_t i = 0; i < sizes->size(); ++i)
    EXPECT_EQ((*sizes)[i].n, asked.all()[i].n == 5 ? 7 : 2 * asked.all()[i].n);
}

// Wherever it comes: what was one size has to be one.
TEST(AskedSizes, AreNotThoseOfAProgramWithOneMore) {
  const std::vector<std::vector<Bytes>> tensors = {{}, {{5}, {100}}};
  const sim::Program program = rounds([](std::uint32_t i) { return Bytes{100 + i}; });
  const AskedSizes asked(program, tensors);
  for (std::uint32_t i = 0; i < kRounds * kEach; ++i) {
    sim::Program other = program;
    other.buffers.edit()[i].bytes = {7};
    const bool is_list = i % kEach + 1 == kEach;  // whose own bytes nobody asks for
    EXPECT_EQ(asked.resized(other, tensors).has_value(), is_list) << i;
  }
  EXPECT_FALSE(asked.resized(program, {{}, {{5}, {101}}}));
}

}  // namespace
}  // namespace orrery::models
