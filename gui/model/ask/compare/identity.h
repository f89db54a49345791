#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/ask/time/steps.h"

namespace orrery::gui {

// Numbers for pieces of work (name, class, micro-batch and chunk), from 0 on, the same for
// every trace that is asked about with it. The traces must outlive it.
class SharedWork {
 public:
  std::uint32_t of_name(std::string_view name);
  std::uint32_t of(std::uint32_t name, const Kind& kind, EventClass is);
  std::uint32_t size() const { return static_cast<std::uint32_t>(works_.size()); }

 private:
  std::unordered_map<std::string_view, std::uint32_t> names_;  // looked up, never walked
  std::unordered_map<std::uint64_t, std::uint32_t> works_;     // the same
};

// What the events of one trace are, in any trace of the same job: the same piece of work
// of the same step.
class Identities {
 public:
  Identities(const TraceModel& model, const std::vector<Step>& steps, SharedWork& works, Tally& tally);

  std::uint32_t work_of(const Event& event) const { return of_kind_[event.kind].work; }
  // Its number: what the arguments say, else the step that it begins in, or the one after which it does.
  std::int32_t step_of(const Event& event) const {
    const std::int32_t said = of_kind_[event.kind].step;
    return said != kUnsaid ? said : step_at(event.start);
  }

 private:
  static constexpr std::int32_t kUnsaid = INT32_MIN;
  struct OfKind {
    std::uint32_t work;
    std::int32_t step;
  };
  std::int32_t step_at(Ns when) const;

  std::vector<OfKind> of_kind_;
  const std::vector<Step>& steps_;
};

}  // namespace orrery::gui
