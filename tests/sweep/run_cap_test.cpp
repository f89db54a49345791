#include "sweep/run_cap.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace orrery::sweep {
namespace {

using namespace std::chrono_literals;

void wait_for(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::sleep_for(1ms);
}

TEST(RunCap, RaisesTheFlagOfWhatTakesTooLong) {
  RunCap cap(20ms);
  const auto begin = RunCap::Clock::now();
  const RunCap::Run run(&cap);
  EXPECT_FALSE(run.flag());
  wait_for(run.flag());
  EXPECT_GE(RunCap::Clock::now() - begin, 20ms);
}

TEST(RunCap, LeavesOthersAlone) {
  RunCap cap(1h);
  for (int i = 0; i < 1000; ++i) {
    const RunCap::Run run(&cap);
    EXPECT_FALSE(run.flag());
  }
  RunCap soon(5ms);
  const RunCap::Run long_one(&soon);
  wait_for(long_one.flag());
  EXPECT_FALSE(RunCap::Run(&soon).flag());  // each has a time of its own
}

TEST(RunCap, LooksAtThoseOfAllThreads) {
  RunCap cap(5ms);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      const RunCap::Run run(&cap);
      wait_for(run.flag());
    });
}

TEST(RunCap, NoneIsForEver) {
  const RunCap::Run run(nullptr);
  EXPECT_FALSE(run.flag());
}

}  // namespace
}  // namespace orrery::sweep
