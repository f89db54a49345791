#include "gui/view/timeline/scene/second_text.h"

#include <QObject>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {

QString second_text(const SecondTrace& second, const TraceModel& first, EventRef of_first) {
  const EventRef same = second.pairing().in_b(of_first);
  if (same.is_none()) return QObject::tr("only in the first");
  return QObject::tr("in the second: %1, %2")
      .arg(q(time_text(second.model->range(same).length())),
           q(report::signed_percent(*ratio_of(second, first, same) - 1)));
}

QString first_text(const SecondTrace& second, const TraceModel& first, EventRef of_second) {
  const EventRef same = second.pairing().in_a(of_second);
  if (same.is_none()) return QObject::tr("only in the second");
  return QObject::tr("in the first: %1; the second %2")
      .arg(q(time_text(first.range(same).length())),
           q(report::signed_percent(*ratio_of(second, first, of_second) - 1)));
}

}  // namespace orrery::gui
