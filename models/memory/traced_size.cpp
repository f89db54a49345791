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
  course_.comparisons.push_back({first, second, less, static_cast<std::uint32_t>(course_.values.size())});
}

std::uint32_t SizeTrace::number(Terms terms, const SizeCourse::Value& value) {
  const auto [at, is_new] = number_.try_emplace(std::move(terms), static_cast<std::uint32_t>(terms_of_.size()));
  if (is_new) {
    terms_of_.push_back(at->first);
    course_.values.push_back(value);
  }
  return at->second;
}

void SizeCourses::add(const SizeCourse& course) {
  std::uint32_t made = 0;
  std::uint32_t* next = nullptr;  // where the node to come is named
  std::uint32_t at = 0;
  const auto go_to = [&](std::uint32_t values, std::uint32_t a, std::uint32_t b) {
    if (next != nullptr) at = *next;
    if (at == kNone || nodes_.empty()) {
      at = static_cast<std::uint32_t>(nodes_.size());
      if (next != nullptr) *next = at;
      const auto first = static_cast<std::uint32_t>(values_.size());
      values_.insert(values_.end(), course.values.begin() + made, course.values.begin() + values);
      nodes_.push_back({first, static_cast<std::uint32_t>(values_.size()), a, b});
    }
    made = values;
  };
  for (const SizeCourse::Comparison& c : course.comparisons) {
    go_to(c.values, c.a, c.b);
    next = &nodes_[at].child[c.less ? 1 : 0];
  }
  go_to(static_cast<std::uint32_t>(course.values.size()), course.result, kNone);
}

std::optional<Bytes> SizeCourses::follow(std::span<const Bytes> given) const {
  using Kind = SizeCourse::Kind;
  constexpr std::size_t kUsualValues = 128;
  std::vector<std::int64_t> is;
  is.reserve(kUsualValues);
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
  for (std::uint32_t at = nodes_.empty() ? kNone : 0; at != kNone;) {
    const Node& node = nodes_[at];
    for (std::uint32_t i = node.first_value; i < node.last_value; ++i) is.push_back(value(values_[i]));
    if (node.b == kNone) return Bytes{is[node.a]};
    at = node.child[is[node.a] < is[node.b] ? 1 : 0];
  }
  return std::nullopt;
}

}  // namespace orrery::models
