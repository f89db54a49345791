#include "sim/coalesce/course.h"

#include <algorithm>

namespace orrery::sim {

namespace {

constexpr std::size_t kMostCourses = 8192;
constexpr std::uint64_t kTrials = 64;   // before it is asked whether they pay
constexpr std::uint64_t kSkipped = 64;  // when they do not: stretches run op by op, twice as many each time

}  // namespace

std::vector<Turn> Course::turns() const {
  std::vector<Turn> all;
  for (const Course* course = this; course->before; course = course->before) all.push_back(course->turn);
  std::reverse(all.begin(), all.end());
  return all;
}

Course* Courses::add() {
  if (all_.size() >= kMostCourses) return nullptr;
  Course& course = all_.emplace_back();
  course.number = static_cast<std::uint32_t>(all_.size() - 1);
  return &course;
}

// A pipeline that fills meets each course once, and one that is full the same ones over
// and over: what does not pay now may pay later.
bool Courses::pays(OfContent& known) {
  if (known.tried <= kTrials + known.passed) return true;
  if (known.skipped == 0) known.to_skip = std::max(kSkipped, 2 * known.to_skip);
  if (++known.skipped < known.to_skip) return false;
  known.passed = known.tried = known.skipped = 0;
  return true;
}

Course* Courses::beginning(std::uint32_t content, std::uint32_t kind, SpeedIndex speed) {
  OfContent& known = of(content, kind);
  if (!pays(known)) return nullptr;
  for (Course* course : known.by_speed)
    if (course->speed == speed) return course;
  Course* const course = add();
  if (!course) return nullptr;
  course->speed = speed;
  known.by_speed.push_back(course);
  return course;
}

Course* Courses::turned(Course& course, const Turn& turn) {
  for (Course* next : course.next)
    if (next->turn == turn) return next;
  Course* const next = add();
  if (!next) return nullptr;
  next->speed = course.speed;
  next->before = &course;
  next->turn = turn;
  course.next.push_back(next);
  return next;
}

}  // namespace orrery::sim
