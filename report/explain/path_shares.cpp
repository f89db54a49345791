#include "report/explain/path_shares.h"

#include <algorithm>
#include <map>
#include <utility>

#include "report/explain/label.h"
#include "sim/trace/critical_path.h"

namespace orrery::report {
namespace {

// Time by (op name, category), in the order of names.
using Shares = std::map<std::pair<std::string, std::string>, Duration>;

const sim::Op& op_of(const sim::Workload& workload, const sim::PathSegment& segment) {
  return workload.programs[workload.program_of[segment.rank]].streams[segment.stream].ops[segment.op];
}

bool meets_others(sim::OpKind kind) {
  return kind == sim::OpKind::collective || kind == sim::OpKind::send || kind == sim::OpKind::receive;
}

std::vector<PathShare> longest(const Shares& shares, std::size_t at_most) {
  std::vector<PathShare> list;
  list.reserve(shares.size());
  for (const auto& [key, time] : shares)
    if (time > Duration()) list.push_back({key.first, key.second, time});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  if (list.size() > at_most) list.resize(at_most);
  return list;
}

std::vector<PathShare> by_category(const sim::Workload& workload, const sim::CriticalPath& path) {
  Shares shares;
  for (std::size_t i = 0; i < path.by_category.size(); ++i)
    shares[{workload.categories[i].name, ""}] += path.by_category[i];
  shares[{"unexplained", ""}] += path.unexplained;
  return longest(shares, shares.size());
}

struct Seen {
  std::vector<Duration> slack;
  Duration longest;
};

TransferSlack summed_up(const std::pair<std::string, std::string>& name, Seen& seen) {
  std::sort(seen.slack.begin(), seen.slack.end());
  return {name.first,   name.second,        static_cast<std::int64_t>(seen.slack.size()),
          seen.longest, seen.slack.front(), seen.slack[seen.slack.size() / 2]};
}

std::vector<TransferSlack> least_slack(const sim::Workload& workload, const sim::Trace& trace, std::size_t at_most) {
  const std::vector<Duration> slack = sim::slack(workload, trace);
  std::map<std::pair<std::string, std::string>, Seen> by_name;
  for (std::size_t i = 0; i < slack.size(); ++i) {
    const sim::Span& span = trace.spans()[i];
    const sim::PathSegment place{span.rank, span.stream, span.step, span.op, span.met, span.end};
    const sim::Op& op = op_of(workload, place);
    if (span.step + 1 != workload.steps || !meets_others(op.kind)) continue;
    Seen& seen = by_name[{op_name(workload, span.rank, span.stream, span.op), workload.categories[op.category].name}];
    seen.slack.push_back(slack[i]);
    seen.longest = std::max(seen.longest, span.end - span.met);
  }
  std::vector<TransferSlack> list;
  list.reserve(by_name.size());
  for (auto& [name, seen] : by_name) list.push_back(summed_up(name, seen));
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.median < b.median; });
  if (list.size() > at_most) list.resize(at_most);
  return list;
}

}  // namespace

void fill_path(const sim::Workload& workload, const sim::Trace& trace, std::size_t at_most, Explanation& explanation) {
  const sim::CriticalPath path = sim::critical_path(workload, trace);
  Shares all, transfers;
  for (const sim::PathSegment& segment : path.segments) {
    if (segment.waiting) continue;
    const sim::Op& op = op_of(workload, segment);
    const std::pair key(op_name(workload, segment.rank, segment.stream, segment.op),
                        workload.categories[op.category].name);
    all[key] += segment.to - segment.from;
    if (meets_others(op.kind)) transfers[key] += segment.to - segment.from;
  }
  explanation.path_by_category = by_category(workload, path);
  explanation.longest_on_path = longest(all, at_most);
  explanation.communication_on_path = longest(transfers, at_most);
  explanation.slack = least_slack(workload, trace, at_most);
}

void make_mean(Explanation& explanation, int steps) {
  for (auto* shares : {&explanation.path_by_category, &explanation.longest_on_path, &explanation.communication_on_path})
    for (PathShare& share : *shares) share.time = Duration::ps(share.time.count_ps() / steps);
  for (TransferSlack& transfer : explanation.slack) transfer.count /= steps;
}

}  // namespace orrery::report
