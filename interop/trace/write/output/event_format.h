#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/base/result.h"
#include "sim/program.h"

namespace orrery::interop {

// Names that occur again and again, as numbers from 0. Formats keep their own
// rendering (escaped, interned) beside it.
using NameId = std::uint32_t;
class NameTable {
 public:
  NameId intern(std::string_view name) {
    const auto [at, fresh] = ids_.try_emplace(std::string(name), static_cast<NameId>(names_.size()));
    if (fresh) names_.push_back(at->first);
    return at->second;
  }
  std::string_view operator[](NameId id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::unordered_map<std::string, NameId> ids_;  // looked up, never walked
  std::vector<std::string_view> names_;          // of the map's keys, which stay where they are
};

// A box on the timeline.
struct Slice {
  std::uint32_t rank = 0;
  std::uint32_t track = 0;  // as declared by EventFormat::rank
  Time start, met, end;
  NameId name = 0, category = 0;
  std::uint16_t step = 0;
  const sim::Marker* action = nullptr;      // the schedule action it belongs to
  const sim::Transfer* transfer = nullptr;  // what it moves
  std::optional<Duration> slack;            // how much longer it could last, where that is known
  std::uint64_t flow = 0;                   // shared by a send and its receive; 0: none
  bool flow_starts = false;                 // this is the send
};

// A file format for timelines: told of ranks first, then of what they did, in
// any order of time.
class EventFormat {
 public:
  virtual ~EventFormat() = default;

  // `labels`: its program, and where it stands in the job, as far as that is known.
  virtual void rank(std::uint32_t rank, std::string_view name, std::string_view labels,
                    const std::vector<std::string>& tracks) = 0;
  // What its memory can hold, from `when` on.
  virtual void memory_limit(std::uint32_t /*rank*/, Time /*when*/, Bytes /*limit*/) {}
  virtual void slice(const Slice& slice) = 0;
  // What `rank` holds from `when` on, by cause; `changed` is the cause that made it differ.
  virtual void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t changed) = 0;
  virtual void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) = 0;
  virtual Errors close() = 0;
};

}  // namespace orrery::interop
