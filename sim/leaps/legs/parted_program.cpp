#include "sim/leaps/legs/parted_program.h"

#include <algorithm>
#include <utility>

namespace orrery::sim {

ProgramLegs legs_of(const LeapProgram& program, std::span<const std::span<const Op>> streams) {
  auto parted = std::make_shared<PartedProgram>();
  std::vector<Legs>& legs = parted->streams;
  legs.reserve(streams.size());
  for (const std::span<const Op> ops : streams)
    legs.emplace_back(program, ops, legs.empty() ? Legs::Places() : legs.back().places());
  if (!std::ranges::all_of(legs, [&](Legs& of_stream) { return of_stream.find_awaited(legs); })) return nullptr;
  std::optional<Itinerary> order = Itinerary::of(legs);
  if (!order) return nullptr;
  parted->order = *std::move(order);
  return parted;
}

}  // namespace orrery::sim
