#pragma once

#include <cstdint>
#include <vector>

namespace orrery::models {

// A collective written out: who sends how much to whom, step by step. Ranks are
// places in the group; bytes may be fractions where a size does not divide.
struct Message {
  std::uint32_t from = 0, to = 0;
  double bytes = 0;
  std::uint32_t lane = 0;  // of several that go on independently (rings on rails of their own)
};

// Messages that are under way at once. A rank goes on to the next step, in each lane
// for itself, when all that it is sent in this one has arrived.
struct Step {
  std::vector<Message> messages;
  int times = 1;         // the same again so often
  bool reduces = false;  // what arrives is added to what is there
};
using Steps = std::vector<Step>;

// Of all ranks, the most that one sends.
double most_sent(const Steps& steps, int ranks);

// How often ranks wait for one another.
int count(const Steps& steps);

}  // namespace orrery::models
