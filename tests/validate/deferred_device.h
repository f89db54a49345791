#pragma once

#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "validate/device.h"
#include "validate/transport/mover.h"

namespace orrery::validate {

// A device in memory that executes nothing until it is told to, and then in any order
// that streams and events allow: what is missing in the events shows as wrong data.
// Elements are 16-bit integers.
class DeferredDevice : public Device, public Mover {
 public:
  StreamHandle add_stream(RankId, const std::string&, StreamUse) override {
    streams_.emplace_back();
    return static_cast<StreamHandle>(streams_.size() - 1);
  }
  EventHandle record(StreamHandle stream) override {
    const auto event = static_cast<EventHandle>(happened_.size());
    happened_.push_back(false);
    enqueue(stream, [this, event] { happened_[event] = true; });
    return event;
  }
  void wait(StreamHandle stream, EventHandle event) override {
    streams_[stream].push_back({[] {}, [this, event] { return bool{happened_[event]}; }});
  }
  void kernel(StreamHandle, const Work&, const Place&) override {}
  std::optional<BufferHandle> allocate(StreamHandle, std::span<const Bytes>) override { return 0; }
  void free(StreamHandle, BufferHandle) override {}
  bool failed() const override { return false; }
  Time time_of(EventHandle) override { return {}; }

  // Everything that was enqueued; says so when streams wait for each other for ever.
  Errors synchronize() override {
    for (;;) {
      std::vector<std::size_t> ready;
      bool left = false;
      for (std::size_t s = 0; s < streams_.size(); ++s) {
        if (streams_[s].empty()) continue;
        left = true;
        if (streams_[s].front().ready()) ready.push_back(s);
      }
      if (!left) return {};
      if (ready.empty()) return {{{}, "streams wait for each other"}};
      auto& stream = streams_[ready[random_() % ready.size()]];
      stream.front().run();
      stream.pop_front();
    }
  }

  void reserve(RankId rank, Bytes bytes) override {
    if (!holds_data) return;
    for (auto* buffer : {&reads_[rank], &writes_[rank]})
      if (buffer->size() < static_cast<std::size_t>(bytes.n / 2)) buffer->resize(static_cast<std::size_t>(bytes.n / 2));
  }
  void copy(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) override {
    move(stream, to, from, bytes, [](std::uint16_t& a, std::uint16_t b) { a = b; });
  }
  void add(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) override {
    move(stream, to, from, bytes, [](std::uint16_t& a, std::uint16_t b) { a = static_cast<std::uint16_t>(a + b); });
  }
  void copy_to_host(StreamHandle stream, RankId, Bytes bytes) override {
    enqueue(stream, [this, bytes] { to_host += bytes; });
  }
  Mark mark(StreamHandle) override { return ++marks; }
  void hold(StreamHandle, Mark, Duration time) override { holds.push_back(time); }

  void enqueue(StreamHandle stream, std::function<void()> run) {
    streams_[stream].push_back({std::move(run), [] { return true; }});
  }
  std::vector<std::uint16_t>& reads(RankId rank) { return reads_[rank]; }
  std::vector<std::uint16_t>& writes(RankId rank) { return writes_[rank]; }
  void seed(unsigned value) { random_.seed(value); }

  bool holds_data = true;  // else moves are counted in order, and nothing is moved
  Bytes to_host;
  Mark marks = 0;
  std::vector<Duration> holds;

 private:
  struct Task {
    std::function<void()> run;
    std::function<bool()> ready;
  };
  template <class Combine>
  void move(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes, Combine combine) {
    enqueue(stream, [=, this] {
      if (!holds_data) return;
      auto& target = to.written ? writes_[to.rank] : reads_[to.rank];
      auto& source = from.written ? writes_[from.rank] : reads_[from.rank];
      for (std::int64_t i = 0; i < bytes.n / 2; ++i)
        combine(target.at(static_cast<std::size_t>(to.offset.n / 2 + i)),
                source.at(static_cast<std::size_t>(from.offset.n / 2 + i)));
    });
  }

  std::vector<std::deque<Task>> streams_;
  std::vector<bool> happened_;
  std::map<RankId, std::vector<std::uint16_t>> reads_, writes_;
  std::mt19937 random_;
};

}  // namespace orrery::validate
