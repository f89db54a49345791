#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// How much longer each event could last without the measured step ending later,
// where a run in this window told; none of a trace from a file.
class Slack {
 public:
  Slack() = default;
  // For every row of a model, what is known of its events, by index.
  using Rows = std::vector<std::vector<std::optional<Ns>>>;
  explicit Slack(Rows rows) : rows_(std::make_shared<const Rows>(std::move(rows))) {}

  bool empty() const { return rows_ == nullptr; }
  std::optional<Ns> of(EventRef event) const {
    if (empty() || event.row >= rows_->size() || event.index >= (*rows_)[event.row].size()) return std::nullopt;
    return (*rows_)[event.row][event.index];
  }

 private:
  std::shared_ptr<const Rows> rows_;  // copied with a scene, never changed
};

}  // namespace orrery::gui
