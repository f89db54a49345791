#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/memory/cause.h"
#include "sim/list_repeats.h"

namespace orrery::models {

// What a program asks for, each size once. `tensors` are the lists that Buffer::parts names.
class AskedSizes {
 public:
  AskedSizes(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors);

  const std::vector<Bytes>& all() const { return all_; }
  // Numbers of sizes: of a buffer that is one block, and of the tensors of a list.
  std::uint32_t of_buffer(std::uint32_t buffer) const { return buffers_[buffer] / 4; }
  const std::vector<std::uint32_t>& of_list(std::uint16_t list) const { return of_lists_[list]; }
  // What buffers are, but for sizes.
  const std::vector<std::uint32_t>& buffers() const { return buffers_; }
  const std::vector<std::vector<std::uint32_t>>& of_lists() const { return of_lists_; }

  // By the same numbers, what an alike program (sim::alike) asks for; none where it needs more numbers: what is of one
  // size here is of two there.
  std::optional<std::vector<Bytes>> resized(const sim::Program& program,
                                            const std::vector<std::vector<Bytes>>& tensors) const;

 private:
  std::uint32_t number(Bytes size);

  std::vector<Bytes> all_;
  std::array<std::uint32_t, 64> recent_{};  // numbers, by a hash
  std::vector<std::uint32_t> buffers_;
  sim::ListRepeats repeats_;  // of the program's buffers, and so of their numbers
  std::vector<std::vector<std::uint32_t>> of_lists_;
};

}  // namespace orrery::models
