#include "interop/trace/analysis/span_set.h"

#include <algorithm>

namespace orrery::interop {

void SpanSet::add(Time start, Time end) {
  if (start >= end) return;
  if (settled_ == spans_.size() && (spans_.empty() || spans_.back().end <= start)) ++settled_;  // the usual order
  spans_.push_back({start, end});
}

void SpanSet::settle() const {
  if (settled_ == spans_.size()) return;
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < spans_.size(); ++i) {
    if (spans_[i].start <= spans_[last].end)
      spans_[last].end = std::max(spans_[last].end, spans_[i].end);
    else
      spans_[++last] = spans_[i];
  }
  spans_.resize(last + 1);
  settled_ = spans_.size();
}

Duration SpanSet::covered() const {
  settle();
  Duration sum;
  for (const Span& span : spans_) sum += span.end - span.start;
  return sum;
}

Duration SpanSet::covered_by(const SpanSet& other) const {
  settle();
  other.settle();
  Duration sum;
  std::size_t i = 0, j = 0;
  while (i < spans_.size() && j < other.spans_.size()) {
    const Time start = std::max(spans_[i].start, other.spans_[j].start);
    const Time end = std::min(spans_[i].end, other.spans_[j].end);
    if (start < end) sum += end - start;
    if (spans_[i].end < other.spans_[j].end)
      ++i;
    else
      ++j;
  }
  return sum;
}

SpanSet SpanSet::with(const SpanSet& other) const {
  SpanSet both = *this;
  for (const Span& span : other.spans_) both.add(span.start, span.end);
  return both;
}

}  // namespace orrery::interop
