#pragma once

#include <QColor>
#include <QPalette>
#include <QString>
#include <array>
#include <span>

#include "gui/model/store/event_class.h"

namespace orrery::gui {

// Colours of everything that is drawn. Qt 6.4 cannot be asked what the desktop
// prefers, so a person chooses.
struct Theme {
  QString name;           // "light", "dark", "contrast"
  bool patterns = false;  // hatch classes, so that colour is never the only carrier
  QColor window, lanes, lanes_odd, header, text, muted, grid, border;
  QColor accent, area, mark, critical, tip, tip_text;
  std::array<QColor, kEventClasses> classes;
  std::array<QColor, 8> series;  // of counters

  QColor of(EventClass c) const { return classes[static_cast<std::size_t>(index_of(c))]; }
  QPalette palette() const;
  QString style_sheet() const;  // what the palette does not reach

  static std::span<const Theme> all();
  static const Theme& named(const QString& name);  // the first where there is none
};

// Black or white, whichever is read better on it.
QColor text_on(const QColor& background);

}  // namespace orrery::gui
