#include "gui/view/quantity_text.h"

#include <QObject>
#include <cmath>

#include "gui/model/ask/time/ticks.h"
#include "report/text.h"

namespace orrery::gui {

QString quantity_text(double value, std::string_view unit) {
  if (unit == "bytes" || unit == "B") {
    constexpr double kKi = 1024;
    const char* const names[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    std::size_t at = 0;
    while (std::fabs(value) >= kKi && at + 1 < std::size(names)) value /= kKi, ++at;
    return q(at == 0 ? report::fixed(value, 0) : report::significant(value, 3)) + names[at];
  }
  return q(report::with_prefix(value)) + q(unit);
}

QString slack_text(std::int64_t ns) {
  return ns > 0 ? q(time_text(ns)) : QObject::tr("none, the step would end later");
}

}  // namespace orrery::gui
