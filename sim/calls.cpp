#include "sim/calls.h"

#include <algorithm>
#include <span>
#include <utility>

namespace orrery::sim {

namespace {

// Where each op of the stream, and its end, comes to stand; a call's ops end where the call stood.
std::vector<OpIndex> places_of(const Program& program, const Stream& stream) {
  std::vector<OpIndex> last;
  last.reserve(stream.ops.size());
  OpIndex next = 0;
  for (const Op& op : stream.ops) {
    next += op.kind == OpKind::call ? static_cast<OpIndex>(program.block_of(op).ops.size()) : 1;
    last.push_back(next - 1);
  }
  return last;
}

void write_call(const Program& program, const Call& call, Stream& to) {
  const Block& block = program.blocks[call.block];
  to.notes.insert(to.notes.end(), block.notes.begin(), block.notes.end());
  const std::size_t first = to.ops.size();
  to.ops.insert(to.ops.end(), block.ops.begin(), block.ops.end());
  for (Op& op : std::span(to.ops).subspan(first))
    if (is_memory(op.kind)) op.payload = call.buffer(op.payload);
}

}  // namespace

Program written_out(const Program& program) {
  if (program.calls.empty()) return program;
  std::vector<std::vector<OpIndex>> places;
  for (const Stream& stream : program.streams) places.push_back(places_of(program, stream));

  Program out = program;
  out.blocks = {};
  out.calls.clear();
  std::vector<Stream>& streams = out.streams.edit();
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const Stream& from = program.streams[s];
    Stream to{from.name, {}, {}};
    to.ops.reserve(places[s].empty() ? 0 : places[s].back() + 1u);
    to.notes.reserve(to.ops.capacity());
    for (std::size_t i = 0; i < from.ops.size(); ++i) {
      const Op& op = from.ops[i];
      const std::size_t first = to.ops.size();
      if (op.kind == OpKind::call) {
        write_call(program, program.call_of(op), to);
      } else {
        to.ops.push_back(op);
        to.notes.push_back(from.notes[i]);
      }
      if (!op.waits()) continue;
      Op& waiting = to.ops[first];
      waiting.flags |= op.flags & Op::kPreviousStep;
      waiting.after_stream = op.after_stream;
      waiting.after = places[op.after_stream][op.after];
    }
    streams[s] = std::move(to);
  }
  return out;
}

OpIndex place_written_out(const Program& program, StreamIndex stream, OpIndex op, OpIndex inside) {
  const std::span<const Op> ops = program.streams[stream].ops;
  OpIndex place = op + inside;
  for (const Op& before : ops.first(op))
    if (before.kind == OpKind::call) place += static_cast<OpIndex>(program.block_of(before).ops.size()) - 1;
  return place;
}

bool has_calls(const Workload& workload) {
  return std::any_of(workload.programs.begin(), workload.programs.end(),
                     [](const Program& program) { return !program.calls.empty(); });
}

bool calls_meet_others(const Workload& workload) {
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const Program& program = workload.programs[workload.program_of[RankId{r}]];
    if (program.calls.empty()) continue;  // of its blocks nobody came to be called
    for (const Block& block : program.blocks)
      for (const Op& op : block.ops) {
        if (op.kind != OpKind::collective) continue;
        const GroupId group = workload.group_of({r}, program.transfer_of(op).role);
        if (group.is_none() || workload.groups[group].members.size() > 1) return true;
      }
  }
  return false;
}

Workload written_out(Workload workload) {
  for (Program& program : workload.programs) program = written_out(program);
  return workload;
}

}  // namespace orrery::sim
