#pragma once

#include <cstdint>
#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::models {

// Where ranks that wait for their transfers exchange with their neighbours: between slots, which hold an action, or
// with virtual stages a forward and the backward behind it (Megatron-LM's steady state; where groups are smaller than
// the pipeline, which Megatron-LM refuses, pairs would wait for themselves and there are none).
//
// Sends and receives wait for each other, so both ends must come to a message in the same turn, whether the receiver
// needs it at once or not: between the last chunk of a group and the next chunk of rank 0 lie as many slots as a group
// is larger than the pipeline, and Megatron-LM takes in the message when it is sent (recv_tensor_from_previous_stage).
// So slots get times, as if each took one unit and no transfer any. What is sent behind a slot of time t arrives behind
// the receiver's last slot that began by t. That cannot deadlock: in the order of times every slot finds its inputs
// there, since what came to it was sent behind slots of smaller times, at which both ends had come to that exchange.
class SlotTimes {
 public:
  struct Slot {
    std::size_t first = 0, end = 0;  // actions
  };
  using Slots = std::vector<Slot>;  // of one rank

  static constexpr std::size_t kBeforeAll = SIZE_MAX;  // stands before the first slot

  explicit SlotTimes(const Schedule& schedule);

  const Slots& slots(int rank) const { return slots_[static_cast<std::size_t>(rank)]; }
  // When the pass that makes an activation (or a gradient) of `stage` runs, on whichever rank.
  int made_at(bool forward, int stage, int micro_batch) const;
  // The slot of `rank` behind which it is at `time`.
  std::size_t last_by(int rank, int time) const;

 private:
  struct Place {
    int rank = -1;
    std::size_t slot = 0;
  };

  std::size_t number(bool forward, int stage, int micro_batch) const;
  bool find_times(const Schedule& schedule, bool pairs);
  void find_places(const Schedule& schedule);
  bool times_slot(const Schedule& schedule, int rank);
  int ready(const Schedule& schedule, int rank, std::size_t action) const;

  int micro_batches_;
  std::vector<Slots> slots_;             // by rank
  std::vector<std::vector<int>> times_;  // by rank and slot
  std::vector<Place> places_;            // of passes
};

}  // namespace orrery::models
