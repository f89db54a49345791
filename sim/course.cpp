#include "sim/course.h"

#include <algorithm>

namespace orrery::sim {

namespace {

constexpr std::size_t kMostCourses = 8192;
constexpr std::uint64_t kTrials = 64;  // before it is asked whether they pay

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

Course* Courses::beginning(std::uint32_t content, std::uint32_t kind, SpeedIndex speed) {
  OfContent& known = of(content, kind);
  if (known.tried > kTrials + known.passed) return nullptr;
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
