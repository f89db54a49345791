#include "gui/model/ask/compare/compare.h"

#include <cmath>

#include "gui/model/ask/work/area.h"

namespace orrery::gui {
namespace {

// Of the time that comparing takes.
constexpr double kShareOfPairs = 0.75;

using Key = std::pair<std::string, EventClass>;

}  // namespace

Comparison::Comparison(const TraceModel& a, const TraceModel& b, const Alignment& alignment, const GoOn& go_on) {
  Tally tally(go_on, a.events() + b.events());
  const NameTotals of_a = names_of(a, alignment.a().range, tally);
  const NameTotals of_b = names_of(b, alignment.b().range, tally);
  std::map<Key, Change> changes;
  const auto change_of = [&](const TraceModel& model, const AreaTotals::Name& name) -> Change& {
    const std::string& text = model.names()[name.name];
    Change& change = changes[{text, name.is}];
    change.name = text, change.is = name.is;
    return change;
  };
  for (const AreaTotals::Name& name : of_a.names) {
    Change& change = change_of(a, name);
    change.count_a += name.count;
    change.time_a += static_cast<double>(name.time) / std::max(1u, of_a.processes);
  }
  for (const AreaTotals::Name& name : of_b.names) {
    Change& change = change_of(b, name);
    change.count_b += name.count;
    change.time_b += static_cast<double>(name.time) / std::max(1u, of_b.processes);
  }
  for (const auto& [key, change] : changes) {
    changes_.push_back(change);
    if (change.count_a == 0 || change.count_b == 0 || change.time_a <= 0) continue;
    const double each_a = change.time_a * of_a.processes / static_cast<double>(change.count_a);
    const double each_b = change.time_b * of_b.processes / static_cast<double>(change.count_b);
    ratios_[change.name] = each_b / each_a;
  }
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& x, const Change& y) {
    return std::fabs(x.difference()) > std::fabs(y.difference());
  });
}

double Comparison::ratio_of(const std::string& name) const {
  const auto at = ratios_.find(name);
  return at == ratios_.end() ? 1 : at->second;
}

std::shared_ptr<const Compared> compare(const CompareRequest& request, const GoOn& go_on) {
  const TraceModel &a = *request.first, &b = *request.second;
  const Alignment alignment = request.alignment ? *request.alignment : Alignment(a, b);
  const bool paired = request.before && request.before->alignment.offset() == alignment.offset();
  bool wanted = true;
  // Of one of two parts, or of all there is.
  const auto part = [&](double from, double length) -> GoOn {
    return [&, from, length](double share) { return wanted = wanted && (!go_on || go_on(from + share * length)); };
  };
  const double of_pairs = paired ? 0 : kShareOfPairs;
  auto pairs = paired ? request.before->pairs : std::make_shared<const Pairing>(a, b, alignment, part(0, of_pairs));
  if (!wanted) return nullptr;
  Compared compared;
  compared.comparison = Comparison(a, b, alignment, part(of_pairs, 1 - of_pairs));
  if (!wanted) return nullptr;
  compared.second = std::make_shared<const SecondTrace>(request.second, alignment, std::move(pairs));
  return std::make_shared<const Compared>(std::move(compared));
}

}  // namespace orrery::gui
