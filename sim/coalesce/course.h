#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/account/accounting.h"
#include "sim/base/duration.h"
#include "sim/coalesce/stretch.h"
#include "sim/network/contention.h"

namespace orrery::sim {

// A transfer from outside with a claim starts or ends on all members of a cell, `at` so
// long after their stretch has begun.
struct Turn {
  Duration at;
  std::uint8_t claim = 0;
  bool starts = false;

  bool operator==(const Turn&) const = default;
};

// How a stretch goes by which nobody comes between, if the claims on it turn so and not
// otherwise. Times count from its start.
struct Course {
  enum class State : std::uint8_t {
    unknown,
    known,
    open,  // not over when the main stream's last op is: to be run op by op
  };
  // A phase of one of the cell's collectives, as it flowed.
  struct Flow {
    const Transfer* transfer = nullptr;
    std::uint32_t phase = 0;
    Duration start, end;
  };

  State state = State::unknown;
  SpeedIndex speed = kFullSpeed;   // that claims from outside leave the members when it begins
  const Course* before = nullptr;  // without the last turn; null: no turn at all
  Turn turn;                       // the last one
  std::uint32_t number = 0;
  std::vector<std::int64_t> starts, ends;  // of the main stream's ops, ps
  std::vector<Flow> flows;
  Accounting::Row spent;
  std::vector<Course*> next;  // with one turn more

  Duration length() const { return Duration::ps(ends.empty() ? 0 : ends.back()); }
  std::vector<Turn> turns() const;
};

// The courses that have come up so far.
class Courses {
 public:
  Courses() = default;
  Courses(std::uint32_t contents, std::uint32_t kinds) : kinds_(kinds), of_(std::size_t{contents} * kinds) {}

  // Null where it does not pay: where hardly any comes up twice, or they are very many.
  Course* beginning(std::uint32_t content, std::uint32_t kind, SpeedIndex speed);
  // Null where they are very many.
  Course* turned(Course& course, const Turn& turn);

  // So many ranks were spared a stretch, or something had to be run for it that may never come again.
  void count_passed(std::uint32_t content, std::uint32_t kind, std::uint64_t ranks) {
    of(content, kind).passed += ranks;
  }
  void count_tried(std::uint32_t content, std::uint32_t kind) { ++of(content, kind).tried; }

  std::size_t size() const { return all_.size(); }
  const Course& operator[](std::uint32_t number) const { return all_[number]; }

 private:
  struct OfContent {
    std::vector<Course*> by_speed;
    std::uint64_t passed = 0, tried = 0;     // since it was last given up
    std::uint64_t to_skip = 0, skipped = 0;  // stretches, before it is tried again
  };
  static bool pays(OfContent& known);
  OfContent& of(std::uint32_t content, std::uint32_t kind) { return of_[std::size_t{content} * kinds_ + kind]; }
  Course* add();

  std::uint32_t kinds_ = 0;
  std::vector<OfContent> of_;  // content x kind
  std::deque<Course> all_;
};

// A cell while a run goes on.
struct CellState {
  std::vector<std::uint32_t> gathered;  // main streams that stand before a stretch, at this instant
  const Stretch* stretch = nullptr;     // before which, or in which
  Course* course = nullptr;             // of it while the cell passes: as things stand
  Time start;                           // of the stretch that passes
  std::vector<std::vector<Turn>> news;  // turns of this instant, by member
  bool is_listed = false;               // among those to be settled at the end of the instant
  std::vector<std::uint32_t> gone_by;   // by course: how often in the measured step
};

}  // namespace orrery::sim
