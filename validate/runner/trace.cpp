// Events become spans.
#include <algorithm>

#include "validate/runner/impl.h"

namespace orrery::validate {

void Runner::tell_trace() {
  std::vector<sim::Span> spans;
  for (const StreamState& s : streams_) {
    if (!options_.trace->wants(s.rank)) continue;
    for (std::size_t i = 0; i < s.records.size(); ++i) {
      if (!is_timed(s, static_cast<std::uint32_t>(i / ops_of(s).size()), s.records[i].op)) continue;
      if (const sim::Span span = span_of(s, i); span.end != Time::never()) spans.push_back(span);
    }
  }
  // As the simulator tells them: in order of their end.
  std::stable_sort(spans.begin(), spans.end(), [](const sim::Span& a, const sim::Span& b) { return a.end < b.end; });
  for (const sim::Span& span : spans) options_.trace->span(span);
}

sim::Span Runner::span_of(const StreamState& s, std::size_t i) {
  const Record& record = s.records[i];
  const auto step = static_cast<std::uint16_t>(i / ops_of(s).size());
  sim::Span span{s.rank, s.index, step, record.op, {}, {}, device_.time_of(record.end)};
  span.start = span.met = device_.time_of(record.start);
  if (record.meeting != kNoMeeting)
    for (const EventHandle arrived : arrivals_[record.meeting]) span.met = std::max(span.met, device_.time_of(arrived));
  return span;
}

}  // namespace orrery::validate
