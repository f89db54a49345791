#pragma once

#include <span>
#include <vector>

#include "gui/model/ask/compare/difference.h"
#include "gui/model/ask/compare/identity.h"

namespace orrery::gui {

// Of every event of two rows the other's that is the same.
struct RowPairs {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::vector<std::uint32_t> of_a, of_b;  // by event, its partner's place
  std::vector<Difference> differences;    // of those of B
  std::uint64_t count = 0;
};

// Pairs the events of rows. Within a step the n-th of some work in A is the n-th of it in B.
//
// The events of B's step are chained by their work, in order; those of A, in order, each take
// the head of their chain. So a row costs what it is long, and nothing is sorted: a row whose
// steps follow each other, as they do, is in order already.
class RowPairer {
 public:
  // `step_offset`: as Alignment::offset. `works`: how many pieces of work the identities know.
  RowPairer(const Identities& a, const Identities& b, std::int64_t step_offset, std::uint32_t works)
      : a_(a), b_(b), offset_(step_offset), heads_(works, RowPairs::kNone) {}

  RowPairs pair(const Row& a, const Row& b, Tally& tally);

 private:
  // Events of one step, in order of time.
  struct Part {
    std::int64_t step;
    std::uint32_t begin, end;  // in `order`
  };
  struct ByStep {
    std::vector<std::uint32_t> order;
    std::vector<Part> parts;  // by step
    std::span<const std::uint32_t> events(const Part& part) const {
      return std::span(order).subspan(part.begin, part.end - part.begin);
    }
  };
  static ByStep by_step(const Row& row, const Identities& identities, Tally& tally);
  void pair(const Row& a, std::span<const std::uint32_t> events_a, const Row& b,
            std::span<const std::uint32_t> events_b, RowPairs& pairs);

  const Identities &a_, &b_;
  std::int64_t offset_;
  std::vector<std::uint32_t> heads_;  // by work, of chains that are linked in next_; all kNone between steps
  std::vector<std::uint32_t> next_;   // by event of B
};

}  // namespace orrery::gui
