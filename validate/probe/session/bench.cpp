#include "validate/probe/session/bench.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace orrery::validate {
namespace {

// Generous for a launch from C++ (3 to 6 us, from memory).
constexpr Duration kIssue = Duration::us(8);
constexpr int kAhead = 16;          // launches that are queued in any case before the first begins
constexpr int kCovered = 125;       // whose issue the shortest batch, a millisecond, lasts itself
constexpr int kLongestQueue = 300;  // a driver's queue holds about a thousand launches and events

}  // namespace

Bench::Bench(Device& device, Transport& transport, BenchOptions options)
    : device_(device), transport_(transport), options_(std::move(options)) {
  for (const RankId rank : options_.local)
    lanes_.push_back({rank, device_.add_stream(rank, "compute", StreamUse::kernels),
                      device_.add_stream(rank, "transfers", StreamUse::beside)});
}

void Bench::begin_block(std::uint32_t number) {
  block_ = number;
  next_op_ = 0;
}

int Bench::launches_for(double seconds, double batch) {
  if (!(seconds > 0)) return 1;
  return static_cast<int>(std::clamp(std::ceil(batch / seconds), 1.0, double{kLongestQueue}));
}

Place Bench::place(const Lane& lane, sim::StreamIndex stream) {
  return {lane.rank, stream, block_, next_op_++};
}

void Bench::hold(const Lane& lane, int launches) {
  device_.kernel(lane.compute, {nullptr, kIssue * std::max(kAhead, launches - kCovered)}, place(lane, 0));
}

void Bench::launch(const Lane& lane, const models::Kernel& kernel, int launches) {
  for (int i = 0; i < launches; ++i) device_.kernel(lane.compute, {&kernel, Duration()}, place(lane, 0));
}

double Bench::kernel(const models::Kernel& kernel, int launches, bool held) {
  begin();
  std::vector<Batch> batches;
  for (const Lane& lane : lanes_) {
    // Behind nothing, an event would tell of the batch before.
    if (held)
      hold(lane, launches);
    else
      launch(lane, kernel, 1);
    const EventHandle begin = device_.record_timed(lane.compute);
    launch(lane, kernel, launches);
    batches.push_back({begin, device_.record_timed(lane.compute)});
  }
  return mean(batches, launches);
}

double Bench::sequence(const std::vector<models::Kernel>& kernels) {
  begin();
  std::vector<Batch> batches;
  for (const Lane& lane : lanes_) {
    hold(lane, static_cast<int>(std::min<std::size_t>(kernels.size(), kLongestQueue)));
    const EventHandle begin = device_.record_timed(lane.compute);
    for (const models::Kernel& kernel : kernels) launch(lane, kernel, 1);
    batches.push_back({begin, device_.record_timed(lane.compute)});
  }
  return mean(batches, 1);
}

double Bench::transfer(const GroupedTransfer& transfer, int launches) {
  begin();
  std::vector<Batch> batches;
  for (const Lane& lane : lanes_) {
    hold(lane, launches);
    device_.wait(lane.transfers, device_.record(lane.compute));
  }
  exchange(transfer);  // the ranks meet: from here they run side by side
  for (const Lane& lane : lanes_) batches.push_back({device_.record_timed(lane.transfers), 0});
  for (int i = 0; i < launches; ++i) exchange(transfer);
  for (std::size_t i = 0; i < lanes_.size(); ++i) batches[i].end = device_.record_timed(lanes_[i].transfers);
  return longest(batches, launches);
}

Beside Bench::beside(const models::Kernel& kernel, int launches, const GroupedTransfer& transfer, int transfers) {
  begin();
  std::vector<Batch> kernels, moved;
  for (const Lane& lane : lanes_) {
    hold(lane, launches + transfers);
    const EventHandle begin = device_.record_timed(lane.compute);
    device_.wait(lane.transfers, begin);
    kernels.push_back({begin, 0});
    moved.push_back({device_.record_timed(lane.transfers), 0});
  }
  for (int i = 0; i < transfers; ++i) exchange(transfer);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    launch(lanes_[i], kernel, launches);
    kernels[i].end = device_.record_timed(lanes_[i].compute);
    moved[i].end = device_.record_timed(lanes_[i].transfers);
  }
  const double kernel_seconds = mean(kernels, launches);
  return {kernel_seconds, longest(moved, transfers)};
}

double Bench::event_gap() {
  begin();
  std::vector<Batch> batches;
  for (const Lane& lane : lanes_) {
    hold(lane, 2);
    const EventHandle begin = device_.record_timed(lane.compute);
    batches.push_back({begin, device_.record_timed(lane.compute)});
  }
  return mean(batches, 1);
}

double Bench::dependency(const models::Kernel& kernel, int hops) {
  begin();
  std::vector<Batch> batches;
  for (const Lane& lane : lanes_) {
    hold(lane, 3 * hops);
    const EventHandle begin = device_.record_timed(lane.compute);
    const StreamHandle streams[] = {lane.compute, lane.transfers};
    for (int i = 0; i < 2 * hops; ++i) {
      const StreamHandle from = streams[i % 2], to = streams[(i + 1) % 2];
      device_.kernel(from, {&kernel, Duration()}, place(lane, static_cast<sim::StreamIndex>(i % 2)));
      device_.wait(to, device_.record(from));
    }
    batches.push_back({begin, device_.record_timed(lane.compute)});
  }
  return mean(batches, 2 * hops);
}

double Bench::issue(const models::Kernel& kernel, int launches) {
  if (!options_.clock || lanes_.empty()) return 0;
  begin();
  hold(lanes_.front(), 2 * launches);
  const double begin = options_.clock();
  launch(lanes_.front(), kernel, launches);
  const double host = (options_.clock() - begin) / launches;
  return synchronize() ? agreed(host) : 0;
}

// Every group that has members here; each rank comes when its stream does.
void Bench::exchange(const GroupedTransfer& transfer) {
  for (const std::vector<RankId>& group : transfer.groups) {
    Exchange exchange;
    exchange.kind = transfer.kind;
    exchange.bytes = transfer.bytes;
    exchange.members = group;
    for (const RankId rank : group)
      if (const Lane* lane = lane_of(rank))
        exchange.local.push_back({place(*lane, 1), lane->transfers, device_.record(lane->transfers),
                                  transfer.kind == sim::TransferKind::point_to_point && rank == group.front()});
    if (!exchange.local.empty()) transport_.exchange({&exchange, 1});
  }
}

const Bench::Lane* Bench::lane_of(RankId rank) const {
  const auto at = std::find_if(lanes_.begin(), lanes_.end(), [rank](const Lane& lane) { return lane.rank == rank; });
  return at == lanes_.end() ? nullptr : &*at;
}

std::vector<double> Bench::times(const std::vector<Batch>& batches, int launches) {
  std::vector<double> seconds(batches.size(), 0);
  if (!synchronize()) return seconds;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    seconds[i] = device_.between(batches[i].begin, batches[i].end).seconds() / launches;
    latest_ = std::max(latest_, device_.time_of(batches[i].end));
  }
  return seconds;
}

double Bench::mean(const std::vector<Batch>& batches, int launches) {
  double sum = 0;
  for (const double seconds : times(batches, launches)) sum += seconds;
  const double mine = batches.empty() ? 0 : sum / static_cast<double>(batches.size());
  return options_.agreement ? options_.agreement->mean(mine) : mine;
}

double Bench::longest(const std::vector<Batch>& batches, int launches) {
  double most = 0;
  for (const double seconds : times(batches, launches)) most = std::max(most, seconds);
  return agreed(most);
}

bool Bench::synchronize() {
  const Errors errors = device_.synchronize();
  if (faults_.empty()) faults_ = errors;
  return ok();
}

double Bench::seconds() const {
  return agreed(options_.clock ? options_.clock() : latest_.since_start().seconds());
}

bool Bench::stopped() const {
  const bool mine = !ok() || (options_.stop && options_.stop->load(std::memory_order_relaxed));
  return agreed(mine ? 1 : 0) > 0;
}

bool Bench::is_leader() const {
  return !options_.local.empty() && options_.local.front() == options_.ranks.front();
}

std::vector<std::vector<RankId>> Bench::groups_of(std::size_t size) const {
  std::vector<std::vector<RankId>> groups;
  const std::vector<RankId>& ranks = options_.ranks;
  for (std::size_t first = 0; size > 0 && first + size <= ranks.size(); first += size)
    groups.emplace_back(ranks.begin() + static_cast<std::ptrdiff_t>(first),
                        ranks.begin() + static_cast<std::ptrdiff_t>(first + size));
  return groups;
}

int Bench::nodes_of(const std::vector<RankId>& group) const {
  std::set<int> nodes;
  for (std::size_t i = 0; i < options_.ranks.size(); ++i)
    if (std::find(group.begin(), group.end(), options_.ranks[i]) != group.end())
      nodes.insert(i < options_.node_of.size() ? options_.node_of[i] : 0);
  return static_cast<int>(nodes.size());
}

}  // namespace orrery::validate
