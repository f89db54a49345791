#include "gui/model/result/changes.h"

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr double kSame = 5e-4;  // of the value: what reads as 0.0 %

std::string difference(double before, double now, Unit unit) {
  if (unit == Unit::share) {
    const double points = 100 * (now - before);
    return (points > 0 ? "+" : "") + report::fixed(points, 1) + " points";
  }
  if (before == 0) return now == 0 ? "0.0 %" : "new";
  return report::signed_percent(now / before - 1);
}

Change::Is judge(double before, double now, const Figure& figure) {
  const bool same = std::fabs(now - before) <= kSame * std::max(std::fabs(before), std::fabs(now));
  if (same || figure.unit == Unit::seconds) return Change::Is::unsaid;
  return (now < before) == figure.less_is_better ? Change::Is::better : Change::Is::worse;
}

Change change_of(const Figure& before, const Figure& now) {
  return {now.label, quantity(before.value, now.unit), quantity(now.value, now.unit),
          difference(before.value, now.value, now.unit), judge(before.value, now.value, now)};
}

double value_of(const Stack& stack, const std::string& part) {
  if (stack.bars.empty()) return 0;
  const std::vector<double>& values = stack.bars.front().values;
  for (std::size_t i = 0; i < std::min(values.size(), stack.parts.size()); ++i)
    if (stack.parts[i].name == part) return values[i];
  return 0;
}

bool has(const Stack& stack, const std::string& part) {
  return std::any_of(stack.parts.begin(), stack.parts.end(), [&](const Stack::Part& p) { return p.name == part; });
}

}  // namespace

std::vector<Change> changes_of(const ResultPage& before, const ResultPage& now) {
  std::vector<Change> changes;
  for (const Figure& figure : now.figures) {
    const auto other = std::find_if(before.figures.begin(), before.figures.end(),
                                    [&](const Figure& each) { return each.label == figure.label; });
    if (other != before.figures.end()) changes.push_back(change_of(*other, figure));
  }
  std::vector<Stack::Part> parts = now.time.parts;
  for (const Stack::Part& part : before.time.parts)
    if (!has(now.time, part.name)) parts.push_back(part);
  for (const Stack::Part& part : parts) {
    const double then = value_of(before.time, part.name), value = value_of(now.time, part.name);
    Figure figure{"of the step: " + part.name, value, Unit::seconds, true, ""};
    changes.push_back(change_of({figure.label, then, Unit::seconds, true, ""}, figure));
  }
  return changes;
}

}  // namespace orrery::gui
