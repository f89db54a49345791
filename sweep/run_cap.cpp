#include "sweep/run_cap.h"

#include <algorithm>
#include <condition_variable>

namespace orrery::sweep {

RunCap::RunCap(Clock::duration cap) : cap_(cap), watch_([this](const std::stop_token& stop) { look(stop); }) {}

RunCap::Run::Run(RunCap* cap) : cap_(cap) {
  if (cap_ == nullptr) return;
  const std::lock_guard lock(cap_->mutex_);
  place_ = cap_->runs_.insert(cap_->runs_.end(), this);
}

RunCap::Run::~Run() {
  if (cap_ == nullptr) return;
  const std::lock_guard lock(cap_->mutex_);
  cap_->runs_.erase(place_);
}

void RunCap::look(const std::stop_token& stop) {
  constexpr Clock::duration kLongest = std::chrono::seconds(1), kShortest = std::chrono::milliseconds(1);
  const Clock::duration pause = std::clamp(cap_ / 10, kShortest, kLongest);
  std::condition_variable_any until;  // only the end is told
  std::unique_lock lock(mutex_);
  while (!until.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
    const Clock::time_point now = Clock::now();
    for (Run* const run : runs_)
      if (now - run->begin_ >= cap_) run->flag_ = true;
  }
}

}  // namespace orrery::sweep
