#include "report/memory/live_allocations.h"

#include <algorithm>
#include <map>

namespace orrery::report {
namespace {

class Holdings {
 public:
  Holdings(const sim::Workload& workload, const sim::Program& program) : workload_(workload), program_(program) {
    for (const std::uint32_t buffer : program.resident) change(buffer, 1);
  }

  void change(std::int64_t index, int by) {
    const sim::Buffer& buffer = program_.buffers[static_cast<std::size_t>(index)];
    LiveAllocation& live = live_[{buffer.cause, buffer.label}];
    live.count += by;
    live.bytes += buffer.bytes * by;
  }

  std::vector<LiveAllocation> largest_first() const {
    std::vector<LiveAllocation> list;
    for (const auto& [key, live] : live_)
      if (live.count > 0)
        list.push_back({program_.labels[key.second], workload_.causes[key.first], live.count, live.bytes});
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    return list;
  }

 private:
  const sim::Workload& workload_;
  const sim::Program& program_;
  std::map<std::pair<std::uint8_t, std::uint32_t>, LiveAllocation> live_;  // by cause and label
};

std::string name(const sim::Marker& marker) {
  return std::string(1, marker.action) + " of micro-batch " + std::to_string(marker.micro_batch) + ", chunk " +
         std::to_string(marker.chunk);
}

}  // namespace

PeakMoment peak_moment(const sim::Workload& workload, RankId rank, const sim::RankSummary& summary) {
  const sim::RankMemory& memory = summary.memory;
  const sim::Program& program = workload.programs[workload.program_of[rank]];
  Holdings holdings(workload, program);
  PeakMoment moment;
  // Most peaks are reached in the first step already.
  moment.into_step = memory.when - (memory.when < summary.previous_step_end ? Time() : summary.previous_step_end);
  const std::vector<sim::Op>& ops = program.streams[sim::kMainStream].ops;
  const bool allocates =
      memory.stream == sim::kMainStream && memory.op < ops.size() && ops[memory.op].kind == sim::OpKind::allocate;
  for (sim::OpIndex i = 0; allocates && i <= memory.op; ++i) {
    const sim::Op& op = ops[i];
    if (op.kind == sim::OpKind::allocate) holdings.change(op.payload, 1);
    if (op.kind == sim::OpKind::free) holdings.change(op.payload, -1);
    if (op.kind != sim::OpKind::marker) continue;
    const sim::Marker& marker = program.markers[static_cast<std::size_t>(op.payload)];
    if (marker.kind == sim::Marker::Kind::action_begin) moment.during = name(marker);
    if (marker.kind == sim::Marker::Kind::action_end) moment.during.clear();
  }
  moment.live = holdings.largest_first();
  return moment;
}

}  // namespace orrery::report
