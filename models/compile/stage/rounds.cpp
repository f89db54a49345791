#include "models/compile/stage/rounds.h"

namespace orrery::models {

bool Rounds::come_to(std::size_t i) {
  if (i >= end_) find(i);
  if (period_ == 0) return false;
  if (!stride_) {
    marks_.push_back(builder_.mark());
    if (i == first_ + 2 * period_) compare();
  }
  return stride_.has_value();
}

// If they differ, the second may be the first of those that do not. What is not called by then will not be.
void Rounds::compare() {
  if (marks_.back().calls - marks_[period_].calls != period_) {
    period_ = 0;
    return;
  }
  stride_ = builder_.stride(marks_.front(), marks_[period_]);
  if (stride_) return;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(period_));
  first_ += period_;
}

void Rounds::write(std::size_t i, std::size_t end) {
  const std::size_t rounds = 1 + (end - i) / period_;
  sim::ProgramBuilder::Mark until = marks_[period_ + (end - i) % period_];
  for (std::size_t n = 0; n < rounds; ++n) until += stride_->by;
  builder_.go_on(*stride_, until);
  for (std::size_t copy = i; copy < end; ++copy) transfers_.again(copy, period_, *stride_);
  part_at(end);
}

void Rounds::part_at(std::size_t i) {
  end_ = i;
  period_ = 0;
}

// Rounds of the fewest actions.
void Rounds::find(std::size_t i) {
  constexpr std::size_t kMostActions = 8;  // F, B, I and W of two chunks
  part_at(i + 1);
  marks_.clear();
  stride_.reset();
  for (std::size_t period = 1; period <= kMostActions && i + 2 * period < actions_.size(); ++period) {
    const int micro_batches = actions_[i + period].micro_batch - actions_[i].micro_batch;
    std::size_t end = i + period;
    while (end < actions_.size() && follows(end, period, micro_batches)) ++end;
    if (end <= i + 2 * period) continue;
    first_ = i, end_ = end, period_ = period;
    return;
  }
}

// Whether action `i` is what the one a round before was, that many micro-batches later.
bool Rounds::follows(std::size_t i, std::size_t period, int micro_batches) const {
  const Action &now = actions_[i], &before = actions_[i - period];
  return now.type == before.type && now.type != Action::Type::overlap && now.stage == before.stage &&
         now.micro_batch - before.micro_batch == micro_batches && completes_[i] == completes_[i - period] &&
         transfers_.alike(i - period, i);
}

}  // namespace orrery::models
