#include "sim/leaps/legs/leg_memory.h"

#include <algorithm>

namespace orrery::sim {
namespace {

constexpr std::size_t kMostKnown = 32;  // some stages of a layout or two

bool is_solo(Duration time) {
  return time >= Duration();
}

// The one that is like it, now the last; end if there is none.
template <class Known, class IsLike>
auto recalled(std::list<Known>& all, const IsLike& is_like) {
  const auto known = std::ranges::find_if(all, is_like);
  if (known != all.end()) all.splice(all.end(), all, known);
  return known;
}

template <class Known>
void remember(std::list<Known>& all, Known known) {
  if (all.size() == kMostKnown) all.pop_front();
  all.push_back(std::move(known));
}

}  // namespace

const LegMemory::Facts& LegMemory::facts(std::uint64_t form, const Program& program, UsedTransfers& used) {
  const auto known = recalled(facts_, [&](const KnownFacts& of) { return of.form == form; });
  if (known != facts_.end()) return known->facts;
  remember(facts_, {form, {used.of(program), std::make_shared<const MemoryPlaces>(program)}});
  return facts_.back().facts;
}

ProgramLegs LegMemory::legs(std::uint64_t form, const LeapProgram& program,
                            std::span<const std::span<const Op>> streams) {
  const std::span<const Duration> solo = program.solo.by_transfer();
  const auto known = recalled(
      known_, [&](const Known& of) { return of.form == form && std::ranges::equal(of.solo, solo, {}, {}, is_solo); });
  if (known != known_.end()) return known->legs;
  std::vector<char> which;
  for (const Duration time : solo) which.push_back(is_solo(time));
  remember(known_, {form, std::move(which), legs_of(program, streams)});
  return known_.back().legs;
}

}  // namespace orrery::sim
