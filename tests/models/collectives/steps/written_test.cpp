#include "models/collectives/steps/written.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ports.h"

namespace orrery::models {
namespace {

class Written : public testing::Test {
 protected:
  std::string file(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / ("written_" + std::to_string(::getpid()) + ".csv")).string();
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

// A ring of three, as a person writes it, is the ring.
TEST_F(Written, StepsAreThoseOfTheFile) {
  const auto ring =
      read_steps(file("step,from,to,share,times  # around\n"
                      "0,0,1,1/3,2\n0,1,2,1/3,2\n\n0,2,0,1/3,2\n"));
  ASSERT_TRUE(ring) << ring.errors()[0].what;
  EXPECT_EQ((*ring)->ranks, 3);
  Steps scaled = (*ring)->steps;
  for (Step& step : scaled)
    for (Message& m : step.messages) m.bytes *= 3000;
  const Ports ports;
  EXPECT_EQ(ports.time(scaled, 3), ports.time(*ring_steps_of(sim::TransferKind::all_gather, 3, 3000), 3));
}

TEST_F(Written, FaultsNameTheirLine) {
  const auto wrong = read_steps(file("step,from,to,share\n0,0,0,1\n0,0,x,1\n0,0,1,-1\n2,0,1,1\n0,1\n"));
  ASSERT_FALSE(wrong);
  ASSERT_EQ(wrong.errors().size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wrong.errors()[static_cast<std::size_t>(i)].where.line, i + 2);
  EXPECT_FALSE(read_steps(file("")));
  EXPECT_FALSE(read_steps(file("from,to\n")));
  EXPECT_EQ(read_steps("/nowhere/steps.csv").errors()[0].fault, Fault::io);
}

// Uneven parts: the busiest port decides.
TEST_F(Written, AMatrixIsOneStep) {
  const auto matrix = read_byte_matrix(file("0, 1000, 3000\n500, 0, 500\n100, 100, 0\n"));
  ASSERT_TRUE(matrix) << matrix.errors()[0].what;
  EXPECT_EQ((*matrix)->bytes, 4000);
  ASSERT_EQ((*matrix)->steps.size(), 1u);
  EXPECT_NEAR(most_sent((*matrix)->steps, 3) * (*matrix)->bytes, 4000, 1e-9);
  EXPECT_FALSE(read_byte_matrix(file("1,2\n3\n")));
  EXPECT_FALSE(read_byte_matrix(file("1,2\n3,-4\n")));
}

}  // namespace
}  // namespace orrery::models
