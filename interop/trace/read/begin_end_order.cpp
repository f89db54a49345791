#include "interop/trace/read/begin_end_order.h"

#include <algorithm>
#include <iterator>

namespace orrery::interop {
namespace {

constexpr std::size_t kWindow = 1 << 16;
constexpr std::size_t kMaxBytes = 64 << 20;  // of arguments that wait

}  // namespace

BeginEndOrder::Waiting& BeginEndOrder::add(std::uint32_t row, ClockTime when, TraceArguments arguments,
                                           std::uint64_t at) {
  if (count_ == kWindow) release(kWindow / 2);
  if (bytes_ > kMaxBytes) {
    release(count_);
    places_.clear();
    bytes_ = 0;
  }
  if (places_.size() == count_) places_.emplace_back();
  Waiting& waiting = places_[count_++];
  waiting.row = row, waiting.when = when, waiting.at = at;
  bytes_ += waiting.arguments.store(arguments);
  return waiting;
}

void BeginEndOrder::begin(std::uint32_t row, TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category,
                          TraceArguments arguments, std::uint64_t at) {
  Waiting& waiting = add(row, when, arguments, at);
  waiting.begins = true, waiting.track = track, waiting.name = name, waiting.category = category;
}

void BeginEndOrder::end(std::uint32_t row, ClockTime when, TraceArguments arguments, std::uint64_t at) {
  add(row, when, arguments, at).begins = false;
}

void BeginEndOrder::release(std::size_t n) {
  const auto first = places_.begin(), last = first + static_cast<std::ptrdiff_t>(count_);
  const auto earlier = [](const Waiting& a, const Waiting& b) { return a.when < b.when; };
  // Of the same moment, the file's order tells what is inside what.
  if (!std::is_sorted(first, last, earlier)) std::stable_sort(first, last, earlier);
  const auto end_of_released = first + static_cast<std::ptrdiff_t>(n);
  for (auto w = first; w != end_of_released; ++w) {
    const auto arguments = w->arguments.view();
    if (w->begins)
      to_.begin(w->row, w->track, w->when, w->name, w->category, arguments, w->at);
    else
      to_.end(w->row, w->when, arguments, w->at);
  }
  std::rotate(first, end_of_released, last);
  count_ -= n;
}

void BeginEndOrder::finish() {
  release(count_);
  to_.finish();
}

}  // namespace orrery::interop
