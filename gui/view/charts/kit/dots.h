#pragma once

#include <QScatterSeries>

namespace orrery::gui {

// A series of round dots without a border; whoever adds it to a chart owns it.
inline QScatterSeries* dots(const QString& name, const QColor& colour, double size) {
  auto* series = new QScatterSeries;
  series->setName(name);
  series->setColor(colour);
  series->setBorderColor(Qt::transparent);
  series->setMarkerSize(size);
  return series;
}

}  // namespace orrery::gui
