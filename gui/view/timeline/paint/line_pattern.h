#pragma once

#include <QColor>
#include <cstdint>

namespace orrery::gui {

// How a column of pixels is hatched.
enum Pattern : std::uint8_t { kPlain, kHatch, kBackHatch, kBars, kDots };

inline QRgb blend(QRgb over, QRgb under, unsigned share) {  // of 256
  const auto part = [&](unsigned a, unsigned b) { return (a * share + b * (256 - share)) >> 8; };
  return qRgb(static_cast<int>(part(static_cast<unsigned>(qRed(over)), static_cast<unsigned>(qRed(under)))),
              static_cast<int>(part(static_cast<unsigned>(qGreen(over)), static_cast<unsigned>(qGreen(under)))),
              static_cast<int>(part(static_cast<unsigned>(qBlue(over)), static_cast<unsigned>(qBlue(under)))));
}

}  // namespace orrery::gui
