#include "gui/model/ask/compare/identity.h"

#include <algorithm>

namespace orrery::gui {
std::uint32_t SharedWork::of_name(std::string_view name) {
  return names_.try_emplace(name, static_cast<std::uint32_t>(names_.size())).first->second;
}

std::uint32_t SharedWork::of(std::uint32_t name, const Kind& kind, EventClass is) {
  const std::uint64_t work = (std::uint64_t{name} << 32) | (std::uint64_t{kind.micro_batch} << 16) |
                             (std::uint64_t{kind.chunk} << 8) | static_cast<std::uint64_t>(index_of(is));
  return works_.try_emplace(work, static_cast<std::uint32_t>(works_.size())).first->second;
}

Identities::Identities(const TraceModel& model, const std::vector<Step>& steps, SharedWork& works, Tally& tally)
    : steps_(steps) {
  const Arguments& arguments = model.parts().arguments;
  const auto key = arguments.key("step");
  std::vector<std::uint32_t> number_of_name;
  for (const std::string& name : model.names()) number_of_name.push_back(works.of_name(name));
  of_kind_.reserve(model.kinds().size());
  for (std::size_t i = 0; i < model.kinds().size() && tally.add(1); ++i) {
    const Kind& kind = model.kinds()[i];
    const auto said = key ? arguments.number(kind.arguments, *key) : std::nullopt;
    const bool sane = said && *said >= 0 && *said <= kMostStep;
    of_kind_.push_back({works.of(number_of_name[kind.name], kind, model.class_of_kind()[i]),
                        sane ? static_cast<std::int32_t>(*said) : kUnsaid});
  }
}

std::int32_t Identities::step_at(Ns when) const {
  const auto later =
      std::upper_bound(steps_.begin(), steps_.end(), when, [](Ns t, const Step& step) { return t < step.range.begin; });
  return static_cast<std::int32_t>((later == steps_.begin() ? later : later - 1)->number);
}

}  // namespace orrery::gui
