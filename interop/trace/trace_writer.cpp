#include "interop/trace/trace_writer.h"

#include <algorithm>
#include <charconv>

#include "interop/trace/chrome.h"
#include "interop/trace/perfetto.h"
#include "interop/trace/timeline.h"

namespace orrery::interop {
namespace {

bool parse_number(std::string_view text, std::uint32_t& n) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  return fault == std::errc() && end == text.data() + text.size();
}

bool parse_range(std::string_view text, RankRange& range) {
  const std::size_t dash = text.find('-');
  if (!parse_number(text.substr(0, dash), range.first)) return false;
  range.last = range.first;
  return dash == std::string_view::npos || parse_number(text.substr(dash + 1), range.last);
}

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

Result<std::vector<RankRange>> parse_rank_ranges(std::string_view text) {
  std::vector<RankRange> ranges;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string_view part = text.substr(from, to - from);
    RankRange range;
    if (!parse_range(part, range))
      return Error{{"--ranks", 0, 0}, "'" + std::string(part) + "' is no rank and no range of ranks; write 0-7,64"};
    if (range.last < range.first)
      return Error{{"--ranks", 0, 0}, "the range " + std::string(part) + " ends before it begins"};
    ranges.push_back(range);
    from = to + 1;
  }
  return ranges;
}

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
  return std::unique_ptr<TraceWriter>(std::move(timeline));
}

}  // namespace orrery::interop
