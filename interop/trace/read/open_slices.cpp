#include "interop/trace/read/open_slices.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMaxDepth = 512;
constexpr std::size_t kMaxKeptBytes = 256 << 20;

}  // namespace

void OpenSlices::begin(std::uint32_t row, TraceTrackId track, ClockTime when, TraceNameId name, TraceNameId category,
                       TraceArguments arguments, std::uint64_t at) {
  if (kept_bytes_ > kMaxKeptBytes) return teller_.skip("too much is open at once", at);
  if (rows_.size() <= row) rows_.resize(row + 1);
  Row& open = rows_[row];
  if (open.depth >= kMaxDepth) return teller_.skip("more than 512 slices are open within each other", at);
  if (open.begins.size() == open.depth) {
    open.begins.emplace_back();
    kept_bytes_ += sizeof(Begin);
  }
  Begin& begin = open.begins[open.depth++];
  begin.track = track, begin.when = when, begin.name = name, begin.category = category, begin.at = at;
  kept_bytes_ += begin.arguments.store(arguments);
}

void OpenSlices::end(std::uint32_t row, ClockTime when, TraceArguments arguments, std::uint64_t at) {
  if (row >= rows_.size() || rows_[row].depth == 0) return teller_.skip("it ends a slice that did not begin", at);
  tell(rows_[row].begins[--rows_[row].depth], when, arguments);
}

std::optional<ClockTime> OpenSlices::began(std::uint32_t row) const {
  if (row >= rows_.size() || rows_[row].depth == 0) return {};
  return rows_[row].begins[rows_[row].depth - 1].when;
}

void OpenSlices::tell(const Begin& begin, ClockTime end, TraceArguments more) {
  TraceArguments arguments = begin.arguments.view();
  if (!more.all.empty()) {
    arguments_.assign(arguments.all.begin(), arguments.all.end());
    arguments_.insert(arguments_.end(), more.all.begin(), more.all.end());
    arguments = std::span<const TraceArgument>(arguments_);
  }
  teller_.slice(begin.track, begin.when, end, begin.name, begin.category, arguments, begin.at);
}

void OpenSlices::finish() {
  const ClockTime end = teller_.latest();
  for (Row& row : rows_)
    while (row.depth > 0) {
      const Begin& begin = row.begins[--row.depth];
      tell(begin, std::max(end, begin.when), {});
    }
}

}  // namespace orrery::interop
