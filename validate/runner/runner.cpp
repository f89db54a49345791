#include "validate/runner/runner.h"

#include "sim/check/check.h"
#include "validate/runner/impl.h"

namespace orrery::validate {
namespace {

// By stream and op: whether another op waits for it.
std::vector<std::vector<bool>> awaited_ops(const sim::Program& program) {
  std::vector<std::vector<bool>> awaited;
  for (const sim::Stream& stream : program.streams) awaited.emplace_back(stream.ops.size());
  for (const sim::Stream& stream : program.streams)
    for (const sim::Op& op : stream.ops)
      if (op.waits()) awaited[op.after_stream][op.after] = true;
  return awaited;
}

}  // namespace

Execution execute(const sim::Workload& workload, Device& device, Transport& transport, const RunnerOptions& options) {
  return Runner(workload, device, transport, options).run();
}

Runner::Runner(const sim::Workload& workload, Device& device, Transport& transport, const RunnerOptions& options)
    : workload_(workload),
      device_(device),
      transport_(transport),
      options_(options),
      meetings_(workload, false),
      first_stream_(workload.ranks(), sim::kNone),
      buffers_(workload.ranks()),
      courses_(workload.ranks()) {
  for (const sim::Program& program : workload.programs) awaited_.add(awaited_ops(program));
  for (const RankId rank : options.local) add_rank(rank);
  if (!options.local.empty()) return;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) add_rank({r});
}

void Runner::add_rank(RankId rank) {
  first_stream_[rank] = static_cast<std::uint32_t>(streams_.size());
  const sim::Program& program = program_of(rank);
  for (std::size_t s = 0; s < program.streams.size(); ++s) {
    StreamState& stream = streams_.emplace_back();
    stream.rank = rank;
    stream.index = static_cast<sim::StreamIndex>(s);
    stream.handle =
        device_.add_stream(rank, program.streams[s].name, use_of(program, static_cast<sim::StreamIndex>(s)));
    stream.position = device_.record(stream.handle);
    ready_.push_back(static_cast<std::uint32_t>(streams_.size() - 1));
  }
  buffers_[rank].resize(program.buffers.size());
}

StreamUse Runner::use_of(const sim::Program& program, sim::StreamIndex index) const {
  const sim::Stream& stream = program.streams[index];
  if (stream.ops.empty()) return StreamUse::nothing;
  bool messages = true, beside = true;
  for (std::size_t i = 0; i < stream.ops.size(); ++i) {
    const sim::OpKind kind = stream.ops[i].kind;
    if (kind == sim::OpKind::wait) continue;
    messages &= sim::is_point_to_point(kind);
    beside &= kind != sim::OpKind::kernel || stream.notes[i].kernel >= options_.kernels.size();
  }
  return messages ? StreamUse::messages : beside ? StreamUse::beside : StreamUse::kernels;
}

Execution Runner::run() {
  for (StreamState& s : streams_)
    if (s.index == sim::kMainStream && go_on()) start_up(s);
  while (!ready_.empty() && go_on()) {
    StreamState& s = streams_[ready_.front()];
    ready_.pop_front();
    advance(s);
  }
  Execution result;
  result.interrupted = options_.stop && options_.stop->load(std::memory_order_relaxed);
  result.faults = device_.synchronize();
  result.faults.insert(result.faults.begin(), faults_.begin(), faults_.end());
  if (result.ok()) tell_stuck(result.faults);
  if (options_.trace) tell_trace();
  return result;
}

bool Runner::go_on() const {
  return faults_.empty() && !device_.failed() && !(options_.stop && options_.stop->load(std::memory_order_relaxed));
}

// Enqueues what of a stream can be enqueued now.
void Runner::advance(StreamState& s) {
  for (int n = 0; n < kTurn && go_on(); ++n) {
    if (s.at == ops_of(s).size() && !next_step(s)) return;
    if (s.ends.size() >= kAhead && !device_.may_run_ahead_of(s.ends[s.ends.size() - kAhead])) break;
    const sim::OpIndex end = group_end(s);
    for (sim::OpIndex op = s.at; op < end; ++op)
      if (!is_issued(s, ops_of(s)[op])) return block(s, op);
    if (!sim::is_local(ops_of(s)[s.at].kind)) {
      if (!may_enter(s, end)) break;
      return enter_transfers(s, end);
    }
    issue_local(s);
    if (wake_waiters(s)) return;
  }
  ready_.push_back(id_of(s));
}

bool Runner::next_step(StreamState& s) {
  if (s.index == sim::kMainStream) ask(s, courses_[s.rank].behind_step());
  if (++s.step >= static_cast<std::uint32_t>(workload_.steps) || ops_of(s).empty()) return false;
  s.at = 0;
  return go_on();
}

bool Runner::is_issued(const StreamState& s, const sim::Op& op) const {
  if (!op.waits() || (op.on_previous_step() && s.step == 0)) return true;
  const StreamState& other = sibling(s, op.after_stream);
  return awaited(s, op) < other.ends.size();
}

// Of an awaited op, how many of its stream stand before it, all steps counted.
std::size_t Runner::awaited(const StreamState& s, const sim::Op& op) const {
  const std::size_t step = s.step - (op.on_previous_step() ? 1 : 0);
  return step * ops_of(sibling(s, op.after_stream)).size() + op.after;
}

void Runner::block(StreamState& s, sim::OpIndex op) {
  s.blocked_on = op;
  sibling(s, ops_of(s)[op].after_stream).waiters.push_back(id_of(s));
}

// Lets streams go on that waited for what `s` has just enqueued, before itself.
bool Runner::wake_waiters(StreamState& s) {
  std::vector<std::uint32_t> woken;
  std::erase_if(s.waiters, [&](std::uint32_t waiter) {
    StreamState& w = streams_[waiter];
    if (!is_issued(w, ops_of(w)[w.blocked_on])) return false;
    w.blocked_on = kNotBlocked;
    woken.push_back(waiter);
    return true;
  });
  if (woken.empty()) return false;
  ready_.push_front(id_of(s));
  ready_.insert(ready_.begin(), woken.begin(), woken.end());
  return true;
}

// Holds the stream back until what the op awaits is over.
void Runner::wait_for_awaited(StreamState& s, const sim::Op& op) {
  if (!op.waits() || (op.on_previous_step() && s.step == 0)) return;
  device_.wait(s.handle, sibling(s, op.after_stream).ends[awaited(s, op)]);
}

void Runner::issue_local(StreamState& s) {
  const sim::Op& op = ops_of(s)[s.at];
  wait_for_awaited(s, op);
  if (is_timed(s, s.step, s.at)) s.position = mark(s, s.at);
  const EventHandle start = s.position;
  if (op.kind == sim::OpKind::kernel) device_.kernel(s.handle, work_of(s, op), place_of(s, s.at));
  s.position = mark_end_of_local(s, s.at);
  if (op.kind == sim::OpKind::allocate) allocate(s, static_cast<std::uint32_t>(op.payload));
  if (op.kind == sim::OpKind::free) free(s, static_cast<std::uint32_t>(op.payload));
  finish_op(s, {s.at, start, s.position, kNoMeeting});
  ++s.at;
}

Work Runner::work_of(const StreamState& s, const sim::Op& op) const {
  const ProgramId program = workload_.program_of[s.rank];
  const std::uint32_t kernel = workload_.programs[program].streams[s.index].notes[s.at].kernel;
  const bool has_shape = kernel < options_.kernels.size();
  return {has_shape ? &options_.kernels[kernel] : nullptr, Duration::ps(op.payload),
          has_shape && !options_.slowdowns.empty() ? options_.slowdowns[program.value] : 1};
}

// The last op of a rank's main stream tells when a step was over.
bool Runner::is_timed(const StreamState& s, std::uint32_t step, sim::OpIndex op) const {
  return step >= options_.first_timed_step || (s.index == sim::kMainStream && op + 1 == ops_of(s).size());
}

EventHandle Runner::mark(const StreamState& s, sim::OpIndex op) {
  return is_timed(s, s.step, op) ? device_.record_timed(s.handle) : device_.record(s.handle);
}

// Where nobody awaits it there is no event, so that the next op can begin right behind it.
EventHandle Runner::mark_end_of_local(const StreamState& s, sim::OpIndex op) {
  const bool awaited = awaited_[workload_.program_of[s.rank]][s.index][op];
  return awaited || is_timed(s, s.step, op) ? mark(s, op) : s.position;
}

void Runner::finish_op(StreamState& s, const Record& record) {
  s.ends.push_back(record.end);
  if (options_.trace) s.records.push_back(record);
}

// Streams that can never go on: the program is wrong, and says where.
void Runner::tell_stuck(Errors& faults) const {
  for (const StreamState& s : streams_) {
    if (s.step >= static_cast<std::uint32_t>(workload_.steps) || ops_of(s).empty()) continue;
    const sim::OpIndex op = s.blocked_on == kNotBlocked ? s.at : s.blocked_on;
    const sim::Op& at = ops_of(s)[op];
    std::string what = "rank " + std::to_string(s.rank.value) + ": " + sim::describe(workload_, s.rank, s.index, op) +
                       " can never be issued: ";
    what += s.blocked_on == kNotBlocked ? "its peers do not come"
                                        : "it waits for " + sim::describe(workload_, s.rank, at.after_stream, at.after);
    faults.push_back({{}, what});
  }
}

}  // namespace orrery::validate
