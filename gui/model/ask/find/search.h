#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Some events of a trace that are shown apart: search hits, the critical path.
class Marks {
 public:
  static constexpr std::uint64_t kMost = 4'000'000;

  Marks() = default;
  // Events whose name is accepted; at most kMost of them. Of no use where it was told to give up.
  Marks(const TraceModel& model, const std::function<bool(std::string_view name)>& accepts, const GoOn& go_on = {});
  Marks(const TraceModel& model, std::vector<EventRef> events);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  bool truncated() const { return truncated_; }
  bool contains(EventRef event) const;
  std::span<const std::uint32_t> of_row(std::uint32_t row) const;

  // In order of (start, row), after and before an event or, with none, from the first and the last.
  EventRef next(const TraceModel& model, EventRef from) const;
  EventRef previous(const TraceModel& model, EventRef from) const;

  // The columns of a line of pixels that have one.
  void sample(const Row& row, std::uint32_t row_index, TimeRange view, std::vector<bool>& columns) const;

 private:
  std::vector<std::vector<std::uint32_t>> rows_;
  std::uint64_t count_ = 0;
  bool truncated_ = false;
};

}  // namespace orrery::gui
