#include "validate/compare/span_index.h"

#include <algorithm>
#include <tuple>

#include "sim/coalesce/coalesce.h"

namespace orrery::validate {
namespace {

auto place(const sim::Span& span) {
  return std::tuple(std::uint32_t{span.step}, span.op);
}

}  // namespace

SpanIndex::SpanIndex(const sim::Workload& workload, const std::vector<sim::Span>& spans)
    : workload_(workload), spans_(workload.ranks()) {
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) spans_[{r}].resize(program(RankId{r}).streams.size());
  for (const sim::Span& span : spans) spans_[span.rank][span.stream].push_back(span);
  for (auto& streams : spans_) {
    for (auto& stream : streams) {
      std::sort(stream.begin(), stream.end(), [](const auto& a, const auto& b) { return place(a) < place(b); });
      join_groups(stream);
    }
  }
}

void SpanIndex::join_groups(std::vector<sim::Span>& stream) const {
  for (std::size_t i = 0; i < stream.size();) {
    const std::vector<sim::Op>& ops = program(stream[i].rank).streams[stream[i].stream].ops;
    const sim::OpIndex op = stream[i].op;
    const bool groups = sim::is_point_to_point(ops[op].kind);
    const std::size_t end = std::min(stream.size(), i + (groups ? sim::group_end(ops, op) - op : 1));
    Time met = stream[i].met, over = stream[i].end;
    for (std::size_t k = i; k < end; ++k) {
      if (ops[stream[k].op].kind == sim::OpKind::wait) continue;
      met = std::min(met, stream[k].met);
      over = std::max(over, stream[k].end);
    }
    for (; i < end; ++i) stream[i].met = met, stream[i].end = over;
  }
}

const sim::Span* SpanIndex::find(RankId rank, sim::StreamIndex s, std::uint32_t step, sim::OpIndex op) const {
  const std::vector<sim::Span>& all = stream(rank, s);
  const auto wanted = std::tuple(step, op);
  const auto at = std::partition_point(all.begin(), all.end(), [&](const sim::Span& x) { return place(x) < wanted; });
  return at != all.end() && place(*at) == wanted ? &*at : nullptr;
}

}  // namespace orrery::validate
