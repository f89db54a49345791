#pragma once

#include <functional>
#include <span>
#include <vector>

#include "models/collectives/steps/steps.h"
#include "sim/base/amount.h"
#include "sim/base/duration.h"

namespace orrery::models {

// The way of a message, over links of a ChunkNet.
struct Way {
  std::vector<std::uint32_t> links;
  Duration latency;  // from the last byte on the links to the receiver's next step
};

// A collective that is alone on its links, chunk by chunk.
//
// Every message is cut into `pieces`. A piece of a step leaves when what its rank is
// sent as that piece in the step before is there, and when the links before it in the
// queue are free; it passes all links of its way at once, each in its own time
// (virtual cut-through), and first come are first served, in the order of the steps.
// With one piece a step costs latency + bytes/rate (the closed forms); with more, a
// rank passes on what it has while the rest is still coming.
//
// A ring repeats itself: once `period` steps only move everything by the same time, the
// steps that are left are multiplied out. That is exact, for a step depends on
// differences of times alone.
class ChunkNet {
 public:
  explicit ChunkNet(std::vector<BytesPerSecond> links) : links_(std::move(links)) {}

  // `way` is asked once a message of a step. `reduce`: what a rank adds up a second
  // where a step reduces; 0: no time. `period`: of edges of a ring that differ.
  Duration run(const Steps& steps, int ranks, int pieces, const std::function<Way(const Message&)>& way,
               BytesPerSecond reduce = {0}, int period = 1);

 private:
  struct Send {
    std::uint32_t from, to, lane;
    Duration latency, reduction;
    std::uint32_t first_link, end_link;  // into way_links_
  };
  void lay_out(const Step& step, const std::function<Way(const Message&)>& way, BytesPerSecond reduce, int pieces);
  void repeat(int times, int pieces, int period);
  void take_step(int pieces);
  // By how much everything has moved since then; negative where not all did alike.
  struct State {
    std::vector<Duration> ready, free;
  };
  Duration moved_since(const State& before) const;
  void move(Duration by);
  std::size_t index(std::size_t piece, std::uint32_t lane, std::uint32_t rank) const {
    return (piece * lanes_ + lane) * ranks_ + rank;
  }
  void pass(const Send& send, std::size_t piece);

  std::vector<BytesPerSecond> links_;
  std::vector<Duration> free_;             // of each link, from the start on
  std::vector<Duration> ready_, arrived_;  // by piece, lane and rank
  std::vector<Send> sends_;
  std::vector<std::uint32_t> way_links_, used_;  // used_: each once
  std::vector<Duration> holds_;                  // how long a piece takes on each of way_links_
  std::size_t ranks_ = 0, lanes_ = 1;
};

}  // namespace orrery::models
