// Copies between host and device, and collectives.
#include <algorithm>

#include "validate/probe/meetings.h"
#include "validate/probe/passes.h"
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
                            double budget) {
  const std::vector<Timed> timed =
      time_twice(bench, transfers.size(), budget, [&](std::size_t i) { return time_transfer(bench, transfers[i]); });
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

std::vector<GroupedTransfer> collectives(const Bench& bench) {
  std::vector<GroupedTransfer> out;
  for (const std::size_t size : probed_group_sizes(bench.options().ranks.size()))
    for (const TransferKind kind : kCollectives) {
      if (kind == TransferKind::point_to_point && size != 2) continue;
      for (int exponent = 6; exponent <= 30; ++exponent)
        out.push_back({kind, Bytes{std::int64_t{1} << exponent}, bench.groups_of(size)});
    }
  return out;
}

}  // namespace

Block probe_copies(double budget) {
  return {"copies", budget, 1, {}, [=](Bench& bench) { return measure(bench, "copies", copies(bench), budget); }};
}

Block probe_collectives(double budget) {
  return {"collectives", budget, 1, {}, [=](Bench& bench) {
            return measure(bench, "collectives", collectives(bench), budget);
          }};
}

}  // namespace orrery::validate
