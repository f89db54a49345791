#pragma once

#include <QColor>
#include <vector>

#include "gui/model/store/trace_model.h"
#include "gui/view/theme.h"

namespace orrery::gui {

enum class ColourBy { kind, micro_batch, name };

// The colour of an event, looked up per kind: a line of pixels asks two thousand times.
class EventColours {
 public:
  EventColours() = default;
  EventColours(const TraceModel& model, const Theme& theme, ColourBy by);

  QRgb of_kind(std::uint32_t kind) const { return by_kind_[kind]; }

 private:
  std::vector<QRgb> by_kind_;
};

// What micro-batch number n is drawn in.
QColor micro_batch_colour(std::uint32_t micro_batch, std::uint32_t chunk, bool backward, const Theme& theme);

}  // namespace orrery::gui
