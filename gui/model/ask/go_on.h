#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace orrery::gui {

// Who waits for a long answer: hears now and then which share of it is there, and says
// whether it is still wanted.
using GoOn = std::function<bool(double share)>;

// Counts what has been looked at, and asks every so often.
class Tally {
 public:
  // `total`: how much there is to look at.
  Tally(GoOn go_on, std::uint64_t total) : go_on_(std::move(go_on)), total_(std::max<std::uint64_t>(1, total)) {}

  // So much more is done. False: give up.
  bool add(std::uint64_t some) {
    done_ += some;
    if (stopped_ || done_ < ask_at_) return !stopped_;
    ask_at_ = done_ + kBetween;
    stopped_ = go_on_ && !go_on_(static_cast<double>(std::min(done_, total_)) / static_cast<double>(total_));
    return !stopped_;
  }
  bool stopped() const { return stopped_; }

 private:
  static constexpr std::uint64_t kBetween = 100'000;  // events, a few milliseconds of work

  GoOn go_on_;
  std::uint64_t total_, done_ = 0, ask_at_ = 0;
  bool stopped_ = false;
};

}  // namespace orrery::gui
