#include <cmath>

#include "gui/model/result/result_page.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr double kGi = 1024.0 * 1024 * 1024;

bool is_whole(double value) {
  return std::fabs(value) < 1e6 && value == std::floor(value);
}

}  // namespace

std::string quantity(double value, Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return report::human_seconds(value);
    case Unit::bytes:
      return report::fixed(value / kGi, 2) + " GiB";
    case Unit::share:
      return report::percent(value);
    case Unit::flops_per_s:
      return report::with_prefix(value, 4) + "FLOP/s";
    case Unit::count:
      return is_whole(value) ? report::grouped(static_cast<std::int64_t>(value)) : report::with_prefix(value, 4);
  }
  return "";
}

}  // namespace orrery::gui
