#include "gui/model/ask/compare/identity.h"

#include <algorithm>

#include "gui/model/ask/time/steps.h"

namespace orrery::gui {
namespace {

std::uint64_t work_of(const Kind& kind, EventClass is, std::uint32_t name) {
  return (std::uint64_t{name} << 32) | (std::uint64_t{kind.micro_batch} << 16) | (std::uint64_t{kind.chunk} << 8) |
         static_cast<std::uint64_t>(index_of(is));
}

}  // namespace

Identities::Identities(const TraceModel& model, SharedNames& names) {
  std::vector<std::uint32_t> number_of_name;
  for (const std::string& name : model.names()) number_of_name.push_back(names.of(name));
  const Arguments& arguments = model.parts().arguments;
  const auto key = arguments.key("step");
  std::vector<std::optional<std::int64_t>> step(model.kinds().size());
  std::int64_t last = INT64_MIN;
  for (std::size_t i = 0; i < model.kinds().size(); ++i) {
    const Kind& kind = model.kinds()[i];
    work_of_kind_.push_back(work_of(kind, model.class_of_kind()[i], number_of_name[kind.name]));
    if (key) step[i] = arguments.number(kind.arguments, *key);
    if (step[i]) last = std::max(last, *step[i]);
  }
  // Whoever writes absurd steps means no steps.
  constexpr std::int64_t kMost = 1'000'000;
  for (const auto& of : step) {
    const bool sane = of && *of >= 0 && last <= kMost;
    step_of_kind_.push_back(sane ? std::optional(static_cast<std::uint32_t>(last - *of)) : std::nullopt);
  }
  for (const TimeRange& range : steps_of(model)) step_begins_.push_back(range.begin);
  std::sort(step_begins_.begin(), step_begins_.end());
  if (!step_begins_.empty()) step_begins_.erase(step_begins_.begin());
}

// How many steps begin later: what is before the first belongs to it.
std::uint32_t Identities::step_at(Ns when) const {
  const auto later = std::upper_bound(step_begins_.begin(), step_begins_.end(), when);
  return static_cast<std::uint32_t>(step_begins_.end() - later);
}

}  // namespace orrery::gui
