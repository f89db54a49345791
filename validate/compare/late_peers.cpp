#include "validate/compare/late_peers.h"

#include <algorithm>
#include <tuple>

#include "sim/engine/meet/meetings.h"

namespace orrery::validate {
namespace {

const sim::Op& op_of(const sim::Workload& workload, const sim::Span& span) {
  return workload.programs[workload.program_of[span.rank]].streams[span.stream].ops[span.op];
}

// Transfers in the order in which their ranks came to them.
std::vector<std::uint32_t> arrivals(const sim::Workload& workload, const std::vector<sim::Span>& spans) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < spans.size(); ++i)
    if (const sim::OpKind kind = op_of(workload, spans[i]).kind; is_transfer(kind) && kind != sim::OpKind::copy)
      order.push_back(i);
  const auto place = [&spans](std::uint32_t i) {
    const sim::Span& s = spans[i];
    return std::tuple(s.step, s.start, s.rank.value, s.stream, s.op);
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
  return order;
}

}  // namespace

void tell_late_peers(const sim::Workload& workload, std::vector<sim::Span>& spans) {
  sim::Meetings meetings(workload, false);
  for (const std::uint32_t i : arrivals(workload, spans)) {
    const sim::Span& span = spans[i];
    const std::uint32_t index = meetings.enter(span.rank, span.stream, op_of(workload, span), {i, span.op, span.start});
    if (index == sim::kNone || !meetings.is_complete(index)) continue;
    meetings.begin(index);
    for (const sim::Participant& who : meetings[index].who) {
      sim::Span& met = spans[who.stream];
      met.met = std::clamp(span.start, met.start, met.end);
    }
    meetings.release(index);
  }
}

}  // namespace orrery::validate
