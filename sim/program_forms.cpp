#include "sim/program_forms.h"

#include <algorithm>
#include <span>

namespace orrery::sim {
namespace {

constexpr std::size_t kMostKnown = 32;  // some stages of a layout or two

bool is_same(const Program& a, const Program& b) {
  return a.streams.data() == b.streams.data() && a.buffers.data() == b.buffers.data() &&
         a.markers.data() == b.markers.data() && a.blocks.data() == b.blocks.data() && a.transfers == b.transfers &&
         a.calls == b.calls && a.resident == b.resident;
}

}  // namespace

std::uint64_t ProgramForms::of(const Program& program) {
  auto known = std::ranges::find_if(known_, [&](const Known& k) { return is_same(k.latest, program); });
  if (known == known_.end()) {
    known = std::ranges::find_if(known_, [&](const Known& k) {
      ++compared_;
      return alike(k.latest, program, k.buffers, &blocks_);
    });
    if (known != known_.end()) known->latest = program;
  }
  if (known == known_.end()) {
    if (known_.size() == kMostKnown) known_.pop_front();
    known = known_.insert(known_.end(), {++numbers_, program, ListRepeats(std::span(program.buffers))});
  }
  known_.splice(known_.end(), known_, known);
  return known->number;
}

void ProgramForms::add(std::uint64_t form, const Program& program) {
  const auto known = std::ranges::find(known_, form, &Known::number);
  if (known != known_.end()) known->latest = program;
}

}  // namespace orrery::sim
