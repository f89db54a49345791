#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "sim/planner.h"

namespace orrery::sim {

// A kind of collective (or a send, or a copy) that a program asks for.
struct Wanted {
  TransferKind kind = TransferKind::point_to_point;
  Bytes bytes;
  bool operator==(const Wanted&) const = default;
};

// A plan as folding looks at it: what plan() would answer, owning nothing.
struct Draft {
  struct Phase {
    Duration latency;
    Bytes bytes;
    BytesPerSecond max_rate{0};
    std::span<const LinkUse> uses;  // empty: touches no link that others could want
  };
  std::span<const Phase> phases;
  std::uint8_t claim = 0;
  std::uint32_t algorithm = 0;
};

// A planner that can also make plans without keeping them. Folding looks at the
// transfers of every rank once, while the folded run asks for those of few.
class DraftingPlanner : public TransferPlanner {
 public:
  // What plan() would answer for each of `wanted`, valid until the next call.
  virtual std::span<const Draft> drafts(std::span<const RankId> ranks, std::span<const Wanted> wanted) const = 0;
  // A number of the ranks that drafts() was asked for last. Ranks of one number get plans that differ in nothing but
  // their links for the same in any other sizes too, where the algorithms are the same. 0: nothing is known of that.
  virtual std::uint64_t likeness() const { return 0; }
  // Planners of one family answer alike. Null: of none.
  virtual std::shared_ptr<const void> family() const { return nullptr; }
};

}  // namespace orrery::sim
