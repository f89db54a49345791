#include "gui/model/ask/time/ticks.h"

#include <array>
#include <cmath>
#include <string_view>

#include "report/text.h"

namespace orrery::gui {
namespace {

struct Unit {
  Ns ns;
  std::string_view name;
};
constexpr std::array<Unit, 4> kUnits = {{{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}, {1, " ns"}}};

const Unit& unit_for(Ns length) {
  for (const Unit& unit : kUnits)
    if (length >= unit.ns || length <= -unit.ns) return unit;
  return kUnits.back();
}

// A whole number of steps in the unit, with the decimals that the step needs and no more.
std::string label_of(Ns when, Ns step, const Unit& unit) {
  int decimals = 0;
  for (Ns part = unit.ns; part > step || (part > 1 && step % part != 0); part /= 10) ++decimals;
  return report::fixed(static_cast<double>(when) / static_cast<double>(unit.ns), decimals) + std::string(unit.name);
}

}  // namespace

std::string time_text(Ns duration) {
  const Unit& unit = unit_for(duration);
  if (unit.ns == 1) return std::to_string(duration) + " ns";
  return report::significant(static_cast<double>(duration) / static_cast<double>(unit.ns)) + std::string(unit.name);
}

std::string exact_time_text(Ns duration) {
  const Unit& unit = unit_for(duration);
  std::string text = report::fixed(static_cast<double>(duration) / static_cast<double>(unit.ns),
                                   unit.ns == 1 ? 0 : static_cast<int>(std::lround(std::log10(unit.ns))));
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text + std::string(unit.name);
}

Ticks ticks_of(TimeRange view, int width, int apart) {
  Ticks ticks;
  const double least = static_cast<double>(view.length()) / std::max(1, width) * apart;
  const std::array<int, 3> digits = {1, 2, 5};
  for (Ns power = 1;; power *= 10) {
    bool found = false;
    for (const int digit : digits) {
      ticks.step = power * digit;
      ticks.parts = digit == 2 ? 4 : 5;
      found = static_cast<double>(ticks.step) >= least;
      if (found) break;
    }
    if (found || power > INT64_MAX / 100) break;
  }
  const Unit& unit = unit_for(std::max(std::abs(view.begin), std::abs(view.end)));
  const Ns first = view.begin / ticks.step - (view.begin < 0 ? 1 : 0);
  for (Ns n = first; n * ticks.step <= view.end; ++n)
    if (n * ticks.step >= view.begin)
      ticks.ticks.push_back({n * ticks.step, label_of(n * ticks.step, ticks.step, unit)});
  return ticks;
}

}  // namespace orrery::gui
