#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/program.h"

namespace orrery::interop {

// The rows that a program's rank has on the timeline: its schedule actions, then
// each stream.
//
// Slices of one row must nest, and sends and receives of one group
// (ncclGroupStart/End) run side by side: all but the first have rows of their
// own, so that an arrow cannot end at its neighbour.
class Tracks {
 public:
  static constexpr std::uint32_t kSchedule = 0;

  explicit Tracks(const sim::Program& program);

  const std::vector<std::string>& names() const { return names_; }
  std::uint32_t of(const sim::Stream& stream, sim::StreamIndex index, sim::OpIndex op) const {
    return first_[index] + place_in_group(stream, op);
  }

 private:
  // How many sends and receives of its group stand before an op.
  static std::uint32_t place_in_group(const sim::Stream& stream, sim::OpIndex op);

  std::vector<std::string> names_;
  std::vector<std::uint32_t> first_;  // by stream
};

}  // namespace orrery::interop
