#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "models/memory/cause.h"
#include "models/memory/start_up.h"

namespace orrery::models {

// When the requests of a start-up come, while the steps of its program go by: each function says what is asked for now.
// For replays and for runs, so that both ask alike. The start-up outlives it.
class StartUpCourse {
 public:
  using Requests = std::span<const std::int64_t>;

  // Null: states stand from the beginning.
  explicit StartUpCourse(const StartUp* start = nullptr) : start_(start) {}

  Requests before_first_step() const { return start_ == nullptr ? Requests() : start_->before_first_step; }
  // A buffer is to be freed. What a forward keeps goes first in a backward.
  Requests before_free(const sim::Buffer& buffer) {
    if (is_backward_known_ || start_ == nullptr || !is_activation(buffer)) return {};
    is_backward_known_ = true;
    return start_->in_first_backward;
  }
  Requests behind_step() {
    is_backward_known_ = true;
    const bool first = !std::exchange(is_step_over_, true);
    return first && start_ != nullptr ? Requests(start_->behind_first_step) : Requests();
  }

 private:
  const StartUp* start_;
  bool is_backward_known_ = false, is_step_over_ = false;
};

}  // namespace orrery::models
