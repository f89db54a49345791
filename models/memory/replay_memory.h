#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <vector>

#include "models/memory/traced_size.h"

namespace orrery::models {

// What replays of an allocator have shown, for those to come: points of a sweep mostly ask for the same in other
// sizes, and whether that goes the same way is told without a replay. Not to be shared among threads.
class ReplayMemory {
 public:
  // A replay of what is asked for, in sizes as given.
  struct Replays {
    std::function<Bytes(std::span<const Bytes> sizes)> plain;
    std::function<TracedSize(std::span<const TracedSize> sizes)> traced;
  };

  // What comes of a replay. `shape`: all that it hangs on but the sizes, of which comparisons alone decide how it goes.
  Bytes result(std::vector<std::int64_t> shape, const std::vector<Bytes>& sizes, const Replays& replays);

 private:
  struct Known {
    std::uint64_t hash = 0;
    std::vector<std::int64_t> shape;
    std::vector<Bytes> sizes;  // of the last replay
    Bytes result;              // and what came of it
    SizeCourses courses;
  };
  Known& find_or_add(std::vector<std::int64_t> shape);
  static Bytes replay(Known& known, const std::vector<Bytes>& sizes, const Replays& replays);

  std::list<Known> known_;  // the one asked for last is first
};

}  // namespace orrery::models
