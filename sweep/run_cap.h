#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace orrery::sweep {

// The longest that a piece of work may take: a thread of its own looks at all that go on, some times within that, and
// raises the flag of those that have passed it. Asked by all threads.
class RunCap {
 public:
  using Clock = std::chrono::steady_clock;

  // Precondition: cap > 0.
  explicit RunCap(Clock::duration cap);
  RunCap(const RunCap&) = delete;
  RunCap& operator=(const RunCap&) = delete;

  Clock::duration cap() const { return cap_; }

  // A piece of work, from here to the end of its life.
  class Run {
   public:
    // Null: it may take as long as it takes.
    explicit Run(RunCap* cap);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    const std::atomic<bool>& flag() const { return flag_; }

   private:
    friend class RunCap;

    RunCap* const cap_;
    const Clock::time_point begin_ = Clock::now();
    std::atomic<bool> flag_{false};
    std::list<Run*>::iterator place_;
  };

 private:
  void look(const std::stop_token& stop);

  const Clock::duration cap_;
  std::mutex mutex_;
  std::list<Run*> runs_;
  std::jthread watch_;  // last: it looks at the others
};

}  // namespace orrery::sweep
