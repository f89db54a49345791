#pragma once

#include <cstdint>
#include <list>
#include <utility>
#include <vector>

namespace orrery::models {

// What is held of a pass's micro-batch in its chunk, piece by piece: buffers counted from the first that came along
// with its forward.
using Kept = std::vector<std::int64_t>;

// Of equal lists one stands for all.
class KeptLists {
 public:
  const Kept* of(Kept kept) {
    for (const Kept& known : lists_)
      if (known == kept) return &known;
    return &lists_.emplace_back(std::move(kept));
  }

 private:
  std::list<Kept> lists_;
};

// That, and the output on its way out, counted likewise. Of a pass that is called (sim::Call) nothing else is to be
// told.
struct Held {
  std::int64_t output = 0;
  const Kept* kept = nullptr;
  bool operator==(const Held&) const = default;
};

}  // namespace orrery::models
