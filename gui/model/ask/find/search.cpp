#include "gui/model/ask/find/search.h"

namespace orrery::gui {
namespace {

using Key = std::pair<Ns, std::uint32_t>;  // when, row

Key key_of(const TraceModel& model, EventRef e) {
  return {model.row(e).start(e.index), e.row};
}

}  // namespace

Marks::Marks(const TraceModel& model, const std::function<bool(std::string_view)>& accepts, const GoOn& go_on) {
  Tally tally(go_on, model.events());
  std::vector<bool> name_hit, kind_hit;
  for (const std::string& name : model.names()) name_hit.push_back(accepts(name));
  for (const Kind& kind : model.kinds()) kind_hit.push_back(kind.name < name_hit.size() && name_hit[kind.name]);
  rows_.resize(model.rows().size());
  for (std::size_t row = 0; row < rows_.size() && tally.add(model.rows()[row].size()); ++row) {
    const std::span<const Event> events = model.rows()[row].events();
    for (std::uint32_t i = 0; i < events.size(); ++i) {
      if (!kind_hit[events[i].kind]) continue;
      if (count_ == kMost) {
        truncated_ = true;
        return;
      }
      rows_[row].push_back(i);
      ++count_;
    }
  }
}

Marks::Marks(const TraceModel& model, std::vector<EventRef> events) {
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  rows_.resize(model.rows().size());
  for (const EventRef& event : events) rows_[event.row].push_back(event.index);
  count_ = events.size();
}

std::span<const std::uint32_t> Marks::of_row(std::uint32_t row) const {
  return row < rows_.size() ? std::span<const std::uint32_t>(rows_[row]) : std::span<const std::uint32_t>();
}

bool Marks::contains(EventRef event) const {
  const auto row = of_row(event.row);
  return std::binary_search(row.begin(), row.end(), event.index);
}

EventRef Marks::next(const TraceModel& model, EventRef from) const {
  EventRef best = EventRef::none();
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    const auto after = [&](std::uint32_t index) {
      return from.is_none() || key_of(model, {row, index}) > key_of(model, from);
    };
    const auto at = std::partition_point(rows_[row].begin(), rows_[row].end(), [&](auto i) { return !after(i); });
    if (at == rows_[row].end()) continue;
    if (best.is_none() || key_of(model, {row, *at}) < key_of(model, best)) best = {row, *at};
  }
  return best;
}

EventRef Marks::previous(const TraceModel& model, EventRef from) const {
  EventRef best = EventRef::none();
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    const auto before = [&](std::uint32_t index) {
      return from.is_none() || key_of(model, {row, index}) < key_of(model, from);
    };
    const auto at = std::partition_point(rows_[row].begin(), rows_[row].end(), before);
    if (at == rows_[row].begin()) continue;
    if (best.is_none() || key_of(model, {row, *(at - 1)}) > key_of(model, best)) best = {row, *(at - 1)};
  }
  return best;
}

// From column to column, not from event to event.
void Marks::sample(const Row& row, std::uint32_t row_index, TimeRange view, std::vector<bool>& columns) const {
  std::fill(columns.begin(), columns.end(), false);
  const std::span<const std::uint32_t> marked = of_row(row_index);
  const auto width = static_cast<Ns>(columns.size());
  const double per_ns = static_cast<double>(width) / static_cast<double>(view.length());
  auto at = std::partition_point(marked.begin(), marked.end(), [&](auto i) { return row.end(i) <= view.begin; });
  while (at != marked.end() && row.start(*at) < view.end) {
    const double left = static_cast<double>(row.start(*at) - view.begin) * per_ns;
    const double right = static_cast<double>(row.end(*at) - view.begin) * per_ns;
    const Ns first = std::clamp<Ns>(static_cast<Ns>(left), 0, width - 1);
    const Ns last = std::clamp<Ns>(static_cast<Ns>(std::min(right, static_cast<double>(width))), first, width - 1);
    for (Ns x = first; x <= last; ++x) columns[static_cast<std::size_t>(x)] = true;
    const Ns next = view.begin + static_cast<Ns>(static_cast<double>(last + 1) / per_ns);
    at = std::partition_point(at + 1, marked.end(), [&](auto i) { return row.end(i) < next; });
  }
}

}  // namespace orrery::gui
