#pragma once

#include <QColor>
#include <cstdint>

#include "gui/model/ask/compare/difference.h"
#include "gui/model/store/event_class.h"

namespace orrery::gui {

// How a column of pixels is hatched.
enum Pattern : std::uint8_t { kPlain, kHatch, kBackHatch, kBars, kDots };

// Whether a pixel of it is one that steps back.
bool is_gap_of(std::uint8_t pattern, int x, int y);

// Idle time is always hatched: it is what is missing, not what is there. With `all`, as where
// colours must not be the only carrier, what else there is too.
Pattern pattern_of_class(EventClass c, bool all);
// Of a second trace the hatching says what the colour says: longer, shorter, or nowhere else.
Pattern pattern_of_difference(Difference difference);

inline QRgb blend(QRgb over, QRgb under, unsigned share) {  // of 256
  const auto part = [&](unsigned a, unsigned b) { return (a * share + b * (256 - share)) >> 8; };
  return qRgb(static_cast<int>(part(static_cast<unsigned>(qRed(over)), static_cast<unsigned>(qRed(under)))),
              static_cast<int>(part(static_cast<unsigned>(qGreen(over)), static_cast<unsigned>(qGreen(under)))),
              static_cast<int>(part(static_cast<unsigned>(qBlue(over)), static_cast<unsigned>(qBlue(under)))));
}

}  // namespace orrery::gui
