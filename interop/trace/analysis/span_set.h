#pragma once

#include <vector>

#include "sim/base/duration.h"

namespace orrery::interop {

// Stretches of time as a set: what is covered twice counts once. Stretches are
// added in any order and put in order when the set is first asked.
class SpanSet {
 public:
  void add(Time start, Time end);

  Duration covered() const;
  // How much of this set the other covers too.
  Duration covered_by(const SpanSet& other) const;
  SpanSet with(const SpanSet& other) const;

 private:
  struct Span {
    Time start, end;
  };
  void settle() const;

  mutable std::vector<Span> spans_;  // apart and in order up to settled_
  mutable std::size_t settled_ = 0;
};

}  // namespace orrery::interop
