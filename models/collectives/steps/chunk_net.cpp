#include "models/collectives/steps/chunk_net.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery::models {
namespace {

// Of a fraction of a byte, a whole one.
Bytes whole(double bytes) {
  return {static_cast<std::int64_t>(std::ceil(bytes - 1e-6))};
}

}  // namespace

Duration ChunkNet::run(const Steps& steps, int ranks, int pieces, const std::function<Way(const Message&)>& way,
                       BytesPerSecond reduce, int period) {
  ranks_ = static_cast<std::size_t>(ranks);
  lanes_ = 1;
  for (const Step& step : steps)
    for (const Message& message : step.messages) lanes_ = std::max<std::size_t>(lanes_, message.lane + 1);
  free_.assign(links_.size(), Duration());
  ready_.assign(ranks_ * lanes_ * static_cast<std::size_t>(pieces), Duration());
  for (const Step& step : steps) {
    lay_out(step, way, reduce, pieces);
    repeat(step.times, pieces, period);
  }
  return ready_.empty() ? Duration() : *std::max_element(ready_.begin(), ready_.end());
}

void ChunkNet::repeat(int times, int pieces, int period) {
  State before;
  for (int t = 0; t < times; ++t) {
    if (t % period == 0 && times - t > period) {
      const Duration moved = t > 0 ? moved_since(before) : Duration::ps(-1);
      if (moved >= Duration()) {
        const int left = (times - t) / period;
        move(moved * left);
        times -= left * period;
        if (t >= times) return;
      }
      before = {ready_, free_};
    }
    take_step(pieces);
  }
}

void ChunkNet::lay_out(const Step& step, const std::function<Way(const Message&)>& way, BytesPerSecond reduce,
                       int pieces) {
  sends_.clear();
  way_links_.clear();
  holds_.clear();
  for (const Message& message : step.messages) {
    const Way route = way(message);
    const Bytes piece = whole(message.bytes / pieces);
    Send send{
        message.from, message.to, message.lane, route.latency, {}, static_cast<std::uint32_t>(way_links_.size()), 0};
    if (step.reduces && reduce.n > 0) send.reduction = piece / reduce;
    for (const std::uint32_t link : route.links) {
      way_links_.push_back(link);
      holds_.push_back(piece / links_[link]);
    }
    send.end_link = static_cast<std::uint32_t>(way_links_.size());
    sends_.push_back(send);
  }
  used_ = way_links_;
  std::sort(used_.begin(), used_.end());
  used_.erase(std::unique(used_.begin(), used_.end()), used_.end());
}

void ChunkNet::take_step(int pieces) {
  arrived_ = ready_;
  std::vector<std::uint32_t> order(sends_.size());
  for (std::size_t piece = 0; piece < static_cast<std::size_t>(pieces); ++piece) {
    std::iota(order.begin(), order.end(), 0u);
    const auto leaves = [&](std::uint32_t i) { return ready_[index(piece, sends_[i].lane, sends_[i].from)]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return leaves(a) < leaves(b); });
    for (const std::uint32_t i : order) pass(sends_[i], piece);
  }
  ready_.swap(arrived_);
}

void ChunkNet::pass(const Send& send, std::size_t piece) {
  Duration head = ready_[index(piece, send.lane, send.from)], last = head;
  for (std::uint32_t i = send.first_link; i < send.end_link; ++i) {
    Duration& free = free_[way_links_[i]];
    head = std::max(head, free);
    free = head + holds_[i];
    last = std::max(last, free);
  }
  Duration& arrived = arrived_[index(piece, send.lane, send.to)];
  arrived = std::max(arrived, last + send.latency + send.reduction);
}

Duration ChunkNet::moved_since(const State& before) const {
  const Duration moved = ready_.front() - before.ready.front();
  for (std::size_t i = 0; i < ready_.size(); ++i)
    if (ready_[i] - before.ready[i] != moved) return Duration::ps(-1);
  for (const std::uint32_t link : used_)
    if (free_[link] - before.free[link] != moved) return Duration::ps(-1);
  return moved;
}

void ChunkNet::move(Duration by) {
  for (Duration& time : ready_) time += by;
  for (const std::uint32_t link : used_) free_[link] += by;
}

}  // namespace orrery::models
