#include "interop/trace/analysis/breakdown.h"

#include <algorithm>
#include <map>

#include "interop/trace/analysis/span_set.h"
#include "interop/trace/analysis/transfer_arguments.h"
#include "interop/trace/analysis/work_class.h"

namespace orrery::interop {
namespace {

class Builder final : public TraceVisitor {
 public:
  Builder(const TraceReadOptions& options, const std::function<bool(const TraceProgress&)>& keep_going)
      : options_(options), keep_going_(keep_going) {}

  void name(TraceNameId, std::string_view text) override { names_.emplace_back(text); }
  void process(const TraceProcess& p) override {
    if (processes_.size() <= p.id.value) processes_.resize(p.id.value + 1);
    processes_[p.id.value] = {std::string(p.name), p.rank};
  }
  void track(const TraceTrack& t) override {
    if (tracks_.size() <= t.id.value) tracks_.resize(t.id.value + 1);
    tracks_[t.id.value].process = t.process;
    tracks_[t.id.value].time.name = t.name.empty() ? std::to_string(t.tid) : std::string(t.name);
  }
  void slice(const TraceSlice& slice) override;
  bool keep_going(const TraceProgress& progress) override { return !keep_going_ || keep_going_(progress); }

  TraceBreakdown finish(TraceSummary summary);

 private:
  struct Process {
    std::string name;
    std::optional<std::uint32_t> rank;
  };
  struct Track {
    TraceProcessId process;
    StreamTime time;
    SpanSet busy;
    bool works = false;  // of a GPU
  };
  struct Class {
    WorkClass work;
    std::size_t operation = 0;  // in operations_
  };
  struct Category {
    std::int64_t count = 0;
    SpanSet busy;
    bool works = false;
  };
  struct Rank {
    SpanSet compute, communication, copies;
    Time first = Time::never(), last = Time::at(Duration::ps(INT64_MIN));
    std::int64_t first_step = INT64_MAX, last_step = -1, marked_steps = 0;
    std::map<std::string, Category> categories;
  };

  static constexpr std::uint64_t kProcesses = 1ull << 32;  // keys from here on are no ranks

  std::size_t class_of(const TraceSlice& slice);
  RankTime finish(const Rank& rank, std::uint64_t key) const;
  std::uint64_t key_of(TraceProcessId process) const;

  const TraceReadOptions& options_;
  const std::function<bool(const TraceProgress&)>& keep_going_;
  std::vector<std::string> names_;
  std::vector<Process> processes_;
  std::vector<Track> tracks_;
  std::vector<Class> classes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> class_index_;  // by category and name
  std::map<std::pair<std::string, std::string>, std::size_t> operation_index_;
  std::vector<OperationTime> operations_;
  std::map<std::pair<std::string, std::string>, TransferTime> transfers_;
  std::map<std::uint64_t, Rank> ranks_;
};

// Ranks first, in their order, then the processes that are none.
std::uint64_t Builder::key_of(TraceProcessId process) const {
  const auto& rank = processes_[process.value].rank;
  return rank ? *rank : kProcesses + process.value;
}

std::size_t Builder::class_of(const TraceSlice& slice) {
  const auto [found, fresh] = class_index_.try_emplace({slice.category.value, slice.name.value}, classes_.size());
  if (!fresh) return found->second;
  const std::string& name = names_[slice.name.value];
  Class made{classify(names_[slice.category.value], name), 0};
  const std::string operation(operation_of(name));
  const auto [at, first] = operation_index_.try_emplace({operation, made.work.label}, operations_.size());
  if (first) operations_.push_back({operation, made.work.label, 0, {}, {}});
  made.operation = at->second;
  classes_.push_back(std::move(made));
  return found->second;
}

void Builder::slice(const TraceSlice& slice) {
  const Class& made = classes_[class_of(slice)];
  const WorkKind kind = made.work.kind;
  Track& track = tracks_[slice.track.value];
  const TransferArguments arguments = transfer_arguments(slice.arguments);
  // Only what lies in the window counts.
  const Time end = std::min(slice.start + slice.duration, options_.to);
  const Time start = std::min(end, std::max(slice.start, options_.from));
  // A transfer that waits for a peer moves nothing yet.
  const Time moving = kind == WorkKind::communication ? std::clamp(slice.start + arguments.waited, start, end) : start;

  Rank& rank = ranks_[key_of(track.process)];
  if (arguments.step) {
    rank.first_step = std::min(rank.first_step, *arguments.step);
    rank.last_step = std::max(rank.last_step, *arguments.step);
  }
  if (names_[slice.name.value].starts_with("ProfilerStep#")) ++rank.marked_steps;  // PyTorch's mark around a step
  Category& category = rank.categories[made.work.label];
  ++category.count;
  category.busy.add(moving, end);
  category.works = kind != WorkKind::none;
  if (kind == WorkKind::none) return;

  track.works = true;
  ++track.time.count;
  track.busy.add(moving, end);
  if (kind != WorkKind::host) {
    rank.first = std::min(rank.first, start);
    rank.last = std::max(rank.last, end);
  }
  if (kind == WorkKind::compute) rank.compute.add(start, end);
  if (kind == WorkKind::communication) rank.communication.add(moving, end);
  if (kind == WorkKind::copy) rank.copies.add(start, end);
  OperationTime& operation = operations_[made.operation];
  ++operation.count;
  operation.total += end - moving;
  operation.longest = std::max(operation.longest, end - moving);
  if (kind != WorkKind::communication && !arguments.bytes) return;
  TransferTime& transfer = transfers_[{made.work.label, arguments.kind}];
  ++transfer.count;
  transfer.bytes += arguments.bytes.value_or(Bytes{0});
  transfer.time += end - moving;
}

RankTime Builder::finish(const Rank& rank, std::uint64_t key) const {
  RankTime time;
  time.name = key < kProcesses ? "rank " + std::to_string(key) : processes_[key - kProcesses].name;
  time.steps = rank.last_step >= 0 ? rank.last_step - rank.first_step + 1 : rank.marked_steps;
  if (rank.last > rank.first) time.window = rank.last - rank.first;
  time.compute = rank.compute.covered();
  time.communication = rank.communication.covered();
  time.exposed_communication = time.communication - rank.communication.covered_by(rank.compute);
  const SpanSet busy = rank.compute.with(rank.communication);
  time.exposed_copies = rank.copies.covered() - rank.copies.covered_by(busy);
  time.idle = time.window - time.compute - time.exposed_communication - time.exposed_copies;
  for (const auto& [label, category] : rank.categories)
    time.categories.push_back({label, category.count, category.busy.covered(), category.works});
  for (const Track& track : tracks_) {
    if (!track.works || key_of(track.process) != key) continue;
    time.streams.push_back(track.time);
    time.streams.back().busy = track.busy.covered();
  }
  return time;
}

TraceBreakdown Builder::finish(TraceSummary summary) {
  TraceBreakdown breakdown;
  breakdown.summary = std::move(summary);
  for (const auto& [key, rank] : ranks_) breakdown.ranks.push_back(finish(rank, key));
  for (OperationTime& operation : operations_)
    if (operation.count > 0) breakdown.operations.push_back(std::move(operation));
  std::stable_sort(breakdown.operations.begin(), breakdown.operations.end(),
                   [](const auto& a, const auto& b) { return a.total > b.total; });
  for (auto& [key, transfer] : transfers_) {
    transfer.label = key.first, transfer.kind = key.second;
    breakdown.transfers.push_back(std::move(transfer));
  }
  std::stable_sort(breakdown.transfers.begin(), breakdown.transfers.end(),
                   [](const auto& a, const auto& b) { return a.time > b.time; });
  return breakdown;
}

}  // namespace

Result<TraceBreakdown> break_down(const std::string& path, const TraceReadOptions& options,
                                  const std::function<bool(const TraceProgress&)>& keep_going) {
  Builder builder(options, keep_going);
  auto summary = read_trace(path, builder, options);
  if (!summary) return summary.errors();
  return builder.finish(std::move(*summary));
}

}  // namespace orrery::interop
