#include "gui/view/charts/kit/round_axis.h"

#include <QValueAxis>

#include "gui/model/ask/work/round_limits.h"

namespace orrery::gui {

QValueAxis* round_axis(const QString& title, double low, double high) {
  const RoundLimits limits = round_limits(low, high);
  auto* axis = new QValueAxis;
  axis->setTitleText(title);
  axis->setLabelFormat(QStringLiteral("%.%1f").arg(limits.decimals));
  axis->setRange(limits.low, limits.high);
  axis->setTickCount(limits.marks());
  return axis;
}

}  // namespace orrery::gui
