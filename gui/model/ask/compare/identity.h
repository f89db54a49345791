#pragma once

#include <compare>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// What an event is, in any trace of the same job: equal where it is the same piece of work.
struct Identity {
  std::uint64_t work = 0;  // name, class, micro-batch and chunk
  std::uint32_t step = 0;  // counted from the last one
  auto operator<=>(const Identity&) const = default;
};

// Numbers for names, the same for every trace that is asked about with it. The traces
// must outlive it.
class SharedNames {
 public:
  std::uint32_t of(std::string_view name) {
    return numbers_.try_emplace(name, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // looked up, never walked
};

// The identities of one trace's events.
class Identities {
 public:
  Identities(const TraceModel& model, SharedNames& names);

  Identity of(const Event& event) const {
    return {work_of_kind_[event.kind], step_of_kind_[event.kind].value_or(step_at(event.start))};
  }

 private:
  std::uint32_t step_at(Ns when) const;

  std::vector<std::uint64_t> work_of_kind_;
  std::vector<std::optional<std::uint32_t>> step_of_kind_;  // where its arguments say it
  std::vector<Ns> step_begins_;                             // of all but the first step
};

}  // namespace orrery::gui
