#include "interop/trace/write/trace_writer.h"

#include <algorithm>

#include "interop/trace/write/output/chrome.h"
#include "interop/trace/write/output/perfetto.h"
#include "interop/trace/write/slack_writer.h"
#include "interop/trace/write/timeline.h"

namespace orrery::interop {
namespace {

// Ranks to show, sorted. Unasked, a folded run shows the first rank of each class.
std::vector<std::uint32_t> ranks_to_show(const TraceContext& context) {
  std::vector<std::uint32_t> ranks;
  if (context.filter.ranks.empty() && context.folded) {
    for (const RankId rank : context.folded->representative) ranks.push_back(rank.value);
  } else if (context.filter.ranks.empty()) {
    for (std::uint32_t rank = 0; rank < context.workload->ranks(); ++rank) ranks.push_back(rank);
  }
  for (const RankRange& range : context.filter.ranks)
    for (std::uint64_t rank = range.first; rank <= range.last; ++rank)
      ranks.push_back(static_cast<std::uint32_t>(rank));
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

Errors check(const TraceContext& context) {
  Errors errors;
  const std::size_t ranks = context.workload->ranks();
  for (const RankRange& range : context.filter.ranks)
    if (range.last >= ranks)
      errors.push_back({{"--ranks", 0, 0},
                        "rank " + std::to_string(range.last) + " is not in the job: it has ranks 0 to " +
                            std::to_string(static_cast<std::int64_t>(ranks) - 1)});
  if (context.filter.from >= context.filter.to)
    errors.push_back({{"--from, --to", 0, 0}, "the trace would be empty: it ends before it begins"});
  return errors;
}

}  // namespace

Result<std::unique_ptr<TraceWriter>> open_trace_writer(const std::string& path, const TraceContext& context) {
  const bool perfetto = path.ends_with(".pftrace");
  if (!perfetto && !path.ends_with(".json") && !path.ends_with(".json.gz"))
    return Error{{path, 0, 0}, "a trace is written as .json, .json.gz (Chrome) or .pftrace (Perfetto)"};
  Errors errors = check(context);
  if (!errors.empty()) return errors;

  Result<std::unique_ptr<OutputFile>> file = OutputFile::open(path);
  if (!file) return file.errors();
  auto timeline = std::make_unique<Timeline>(context, ranks_to_show(context));
  const auto make_format = perfetto ? perfetto_format : chrome_format;
  timeline->write_to(make_format(std::move(*file), timeline->names(), context.workload->causes));
  if (!context.slack) return std::unique_ptr<TraceWriter>(std::move(timeline));
  const sim::Workload& run = context.folded ? context.folded->workload : *context.workload;
  return std::unique_ptr<TraceWriter>(std::make_unique<SlackWriter>(run, std::move(timeline)));
}

}  // namespace orrery::interop
