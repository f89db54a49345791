#include "models/memory/traced_size.h"

#include <algorithm>

namespace orrery::models {
TracedSize SizeTrace::given(Bytes now) {
  return {now, number({{next_term(), 1}}, {Kind::given, given_++, 0}), this};
}

SizeCourse SizeTrace::finish(const TracedSize& result) && {
  course_.result = number_of(result);
  return std::move(course_);
}

std::uint32_t SizeTrace::add_constant(Bytes size) {
  const std::uint32_t value = number(size.n == 0 ? Terms{} : Terms{{0, size.n}}, {Kind::constant, 0, size.n});
  constants_.emplace_back(size, value);
  return value;
}

// Both are in order.
auto SizeTrace::terms_of_sum(const Terms& a, const Terms& b, std::int64_t times) -> Terms {
  Terms sum;
  sum.reserve(a.size() + b.size());
  auto left = a.begin();
  for (const auto& [term, factor] : b) {
    for (; left != a.end() && left->first < term; ++left) sum.push_back(*left);
    const bool in_both = left != a.end() && left->first == term;
    const std::int64_t all = times * factor + (in_both ? (left++)->second : 0);
    if (all != 0) sum.emplace_back(term, all);
  }
  sum.insert(sum.end(), left, a.end());
  return sum;
}

std::uint32_t SizeTrace::sum(std::uint32_t first, std::uint32_t second, std::int64_t times) {
  const auto [at, is_new] = known_.try_emplace(2 * pair_of(first, second) + (times > 0 ? 0 : 1));
  if (!is_new) return at->second;
  at->second = number(terms_of_sum(terms_of_[first], terms_of_[second], times),
                      {times > 0 ? Kind::sum : Kind::difference, first, second});
  return at->second;
}

TracedSize SizeTrace::rounded(const TracedSize& size, std::int64_t step, Bytes now) {
  const auto [at, is_new] = multiples_.try_emplace(pair_of(size.number_, static_cast<std::uint32_t>(step)));
  if (is_new) at->second = number({{next_term(), 1}}, {Kind::rounded, size.number_, step});
  return {now, at->second, this};
}

void SizeTrace::note(std::uint32_t first, std::uint32_t second, bool less) {
  if (first == second) return;
  if (first >= compared_.size()) compared_.resize(first + 1);
  std::vector<bool>& with = compared_[first];
  if (second >= with.size()) with.resize(second + 1);
  if (with[second]) return;
  with[second] = true;
  if (less)
    course_.less.push_back({first, second});
  else
    course_.at_most.push_back({second, first});
}

std::uint32_t SizeTrace::number(Terms terms, const SizeCourse::Value& value) {
  const auto [at, is_new] = number_.try_emplace(std::move(terms), static_cast<std::uint32_t>(terms_of_.size()));
  if (is_new) {
    terms_of_.push_back(at->first);
    course_.values.push_back(value);
  }
  return at->second;
}

namespace {

std::vector<std::int64_t> values_of(const SizeCourse& course, std::span<const Bytes> given) {
  using Kind = SizeCourse::Kind;
  std::vector<std::int64_t> is;
  is.reserve(course.values.size());
  const auto value = [&](const SizeCourse::Value& of) {
    switch (of.kind) {
      case Kind::given:
        return given[of.a].n;
      case Kind::constant:
        return of.b;
      case Kind::sum:
        return is[of.a] + is[static_cast<std::size_t>(of.b)];
      case Kind::difference:
        return is[of.a] - is[static_cast<std::size_t>(of.b)];
      case Kind::rounded:
        break;
    }
    return round_up(Bytes{is[of.a]}, of.b).n;
  };
  for (const SizeCourse::Value& of : course.values) is.push_back(value(of));
  return is;
}

std::optional<Bytes> result_of(const SizeCourse& course, std::span<const Bytes> given) {
  const std::vector<std::int64_t> is = values_of(course, given);
  const auto is_less = [&](const SizeCourse::Pair& pair) { return is[pair.low] < is[pair.high]; };
  const auto is_at_most = [&](const SizeCourse::Pair& pair) { return is[pair.low] <= is[pair.high]; };
  if (!std::ranges::all_of(course.less, is_less) || !std::ranges::all_of(course.at_most, is_at_most))
    return std::nullopt;
  return Bytes{is[course.result]};
}

}  // namespace

void SizeCourses::add(SizeCourse course) {
  if (courses_.size() == kMost) courses_.pop_back();
  courses_.push_front(std::move(course));
}

std::optional<Bytes> SizeCourses::follow(std::span<const Bytes> given) {
  for (auto course = courses_.begin(); course != courses_.end(); ++course) {
    const std::optional<Bytes> result = result_of(*course, given);
    if (!result) continue;
    courses_.splice(courses_.begin(), courses_, course);
    return result;
  }
  return std::nullopt;
}

}  // namespace orrery::models
