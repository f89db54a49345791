#pragma once

#include <QColor>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

  // Of an event that takes so many times as long as its partner; none: it has no partner.
  QRgb of(std::optional<double> ratio) const { return ratio ? by_ratio_[step_of(*ratio)] : alone_; }
  QRgb alone() const { return alone_; }

 private:
  static constexpr std::size_t kSteps = 65;  // from half as long to twice
  static std::size_t step_of(double ratio);

  std::array<QRgb, kSteps> by_ratio_{};
  QRgb alone_ = 0;
};

// What micro-batch number n is drawn in.
QColor micro_batch_colour(std::uint32_t micro_batch, std::uint32_t chunk, bool backward, const Theme& theme);

}  // namespace orrery::gui
