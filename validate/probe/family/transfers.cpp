// Copies between host and device, and collectives.
#include <algorithm>

#include "sim/base/digest.h"
#include "validate/probe/family/meetings.h"
#include "validate/probe/family/passes.h"
#include "validate/probe/probes.h"

namespace orrery::validate {
namespace {

using sim::TransferKind;

constexpr TransferKind kCollectives[] = {TransferKind::all_reduce, TransferKind::all_gather,
                                         TransferKind::reduce_scatter, TransferKind::all_to_all,
                                         TransferKind::point_to_point};

std::vector<double> time_transfer(Bench& bench, const GroupedTransfer& transfer) {
  const int launches = Bench::launches_for(bench.transfer(transfer, 1), SamplingRules{}.batch);
  return sample(bench, [&] { return bench.transfer(transfer, launches); });
}

models::TransferPoint point_of(const Bench& bench, const GroupedTransfer& transfer, const Timed& timed) {
  models::TransferPoint point;
  point.kind = transfer.kind;
  point.bytes = transfer.bytes;
  point.ranks = static_cast<int>(transfer.groups.front().size());
  for (const std::vector<RankId>& group : transfer.groups) point.nodes = std::max(point.nodes, bench.nodes_of(group));
  point.seconds = timed.interval();
  return point;
}

models::Calibration measure(Bench& bench, const std::string& name, const std::vector<GroupedTransfer>& transfers,
                            std::size_t wanted, double budget) {
  const std::vector<Timed> timed = time_twice(bench, transfers.size(), wanted, budget,
                                              [&](std::size_t i) { return time_transfer(bench, transfers[i]); });
  models::Calibration out;
  for (std::size_t i = 0; i < transfers.size(); ++i)
    if (timed[i].has(0)) out.transfers.push_back(point_of(bench, transfers[i], timed[i]));
  tell_quality(name, timed, out);
  return out;
}

std::vector<GroupedTransfer> copies(const Bench& bench) {
  std::vector<GroupedTransfer> out;
  for (int exponent = 12; exponent <= 30; exponent += 2)
    out.push_back({TransferKind::copy, Bytes{std::int64_t{1} << exponent}, bench.groups_of(1)});
  return out;
}

bool takes_so_many(TransferKind kind, std::size_t ranks) {
  return kind != TransferKind::point_to_point || ranks == 2;
}

// What is asked for, of any kind, as far as there are groups for it.
std::vector<GroupedTransfer> asked_here(const Bench& bench, const std::vector<AskedTransfer>& asked) {
  const std::vector<std::size_t> sizes = probed_group_sizes(bench.options().ranks.size());
  std::vector<GroupedTransfer> out;
  for (const AskedTransfer& a : asked)
    if (takes_so_many(a.kind, a.ranks) && a.bytes <= kLargestProbe &&
        std::find(sizes.begin(), sizes.end(), a.ranks) != sizes.end())
      out.push_back({a.kind, a.bytes, bench.groups_of(a.ranks)});
  return out;
}

// By powers of two. Every second one comes first, so that a short budget spans all sizes.
std::vector<GroupedTransfer> spread(const Bench& bench) {
  std::vector<GroupedTransfer> out;
  for (const int first : {6, 7})
    for (const std::size_t size : probed_group_sizes(bench.options().ranks.size()))
      for (const TransferKind kind : kCollectives)
        for (int exponent = first; exponent <= 30 && takes_so_many(kind, size); exponent += 2)
          out.push_back({kind, Bytes{std::int64_t{1} << exponent}, bench.groups_of(size)});
  return out;
}

// The spread has no transfer that was asked for already: a calibration has each once.
models::Calibration measure_collectives(Bench& bench, const std::vector<AskedTransfer>& asked, Sizes sizes,
                                        double budget) {
  std::vector<GroupedTransfer> all = asked_here(bench, asked);
  const auto first_of_spread = static_cast<std::ptrdiff_t>(all.size());
  for (GroupedTransfer& transfer : sizes == Sizes::spread ? spread(bench) : std::vector<GroupedTransfer>()) {
    const bool is_asked = std::any_of(all.begin(), all.begin() + first_of_spread, [&](const GroupedTransfer& other) {
      return other.kind == transfer.kind && other.bytes == transfer.bytes &&
             other.groups.front().size() == transfer.groups.front().size();
    });
    if (!is_asked) all.push_back(std::move(transfer));
  }
  return measure(bench, "collectives", all, static_cast<std::size_t>(first_of_spread), budget);
}

}  // namespace

Block probe_copies(double budget) {
  return {"copies", budget, 1, {}, [=](Bench& bench, double seconds) {
            return measure(bench, "copies", copies(bench), 0, seconds);
          }};
}

Block probe_collectives(const std::vector<AskedTransfer>& asked, Sizes sizes, double budget) {
  Digest digest;
  digest.add(static_cast<std::uint64_t>(sizes));
  for (const AskedTransfer& a : asked)
    digest.add(static_cast<std::uint64_t>(a.kind)).add(a.ranks).add(static_cast<std::uint64_t>(a.bytes.n));
  return {"collectives", budget, digest.value(), {}, [=](Bench& bench, double seconds) {
            return measure_collectives(bench, asked, sizes, seconds);
          }};
}

}  // namespace orrery::validate
