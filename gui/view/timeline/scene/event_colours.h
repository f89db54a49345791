#pragma once

#include <QColor>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "gui/model/ask/compare/difference.h"
#include "gui/model/store/trace_model.h"
#include "gui/view/theme.h"

namespace orrery::gui {

enum class ColourBy { kind, micro_batch, name, difference };

// The colour of an event, looked up per kind: a line of pixels asks two thousand times.
class EventColours {
 public:
  EventColours() = default;
  EventColours(const TraceModel& model, const Theme& theme, ColourBy by,
               const std::function<double(const std::string&)>& ratio_of = {});

  QRgb of_kind(std::uint32_t kind) const { return by_kind_[kind]; }

 private:
  std::vector<QRgb> by_kind_;
};

// Grey for as long as elsewhere, red for twice as long and more, blue for half and less.
QColor difference_colour(double ratio, const Theme& theme);

// The same for events one by one, quickly: a line of pixels asks two thousand times.
class DifferenceColours {
 public:
  DifferenceColours() = default;
  explicit DifferenceColours(const Theme& theme);

  QRgb of(Difference difference) const { return by_difference_[static_cast<std::uint8_t>(difference)]; }
  QRgb alone() const { return of(kAlone); }

 private:
  std::array<QRgb, 256> by_difference_{};
};

// What micro-batch number n is drawn in.
QColor micro_batch_colour(std::uint32_t micro_batch, std::uint32_t chunk, bool backward, const Theme& theme);

}  // namespace orrery::gui
