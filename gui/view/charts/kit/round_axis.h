#pragma once

#include <QString>

class QValueAxis;

namespace orrery::gui {

// An axis with marks at round numbers, that ends where the data end.
QValueAxis* round_axis(const QString& title, double low, double high);

}  // namespace orrery::gui
