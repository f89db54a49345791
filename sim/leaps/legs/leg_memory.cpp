#include "sim/leaps/legs/leg_memory.h"

#include <algorithm>

namespace orrery::sim {
namespace {

constexpr std::size_t kMostKnown = 32;  // some stages of a layout or two

template <class To, class From, class Get>
std::vector<To> list_of(const From& from, const Get& get) {
  std::vector<To> list;
  list.reserve(from.size());
  for (const auto& each : from) list.push_back(get(each));
  return list;
}

}  // namespace

ProgramLegs LegMemory::legs(const LeapProgram& program, std::span<const std::span<const Op>> streams) {
  const std::uint64_t form = forms_->of(*program.program);
  const std::span<const Op> main = streams[kMainStream];
  const auto is_like = [&](const Known& known) {
    const auto has_kernels = [](const FlatBlock* block) -> char { return block->has_kernels; };
    return known.form == form && std::ranges::equal(known.main, main, {}, {}, &Op::kind) &&
           std::ranges::equal(known.have_kernels, program.blocks, {}, {}, has_kernels);
  };
  const auto known = std::ranges::find_if(known_, is_like);
  if (known != known_.end()) {
    known_.splice(known_.end(), known_, known);
    return known->legs;
  }
  if (known_.size() == kMostKnown) known_.pop_front();
  known_.push_back({form, list_of<OpKind>(main, [](const Op& op) { return op.kind; }),
                    list_of<char>(program.blocks, [](const FlatBlock* block) { return block->has_kernels; }),
                    legs_of(program, streams)});
  return known_.back().legs;
}

}  // namespace orrery::sim
