#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::models {

class SizeTrace;

constexpr Bytes round_up(Bytes size, std::int64_t step) {
  return {(size.n + step - 1) / step * step};
}

// Bytes that remember how they came about. What computes with them in place of Bytes (adds, subtracts, rounds up,
// compares) can be told later for other sizes without computing it again: see SizeTrace.
class TracedSize {
 public:
  TracedSize() = default;
  TracedSize(Bytes constant) : now_(constant) {}

  Bytes now() const { return now_; }

  friend TracedSize operator+(const TracedSize& a, const TracedSize& b);
  friend TracedSize operator-(const TracedSize& a, const TracedSize& b);
  friend bool operator<(const TracedSize& a, const TracedSize& b);
  friend TracedSize round_up(const TracedSize& size, std::int64_t step);
  // Equal whatever is given; if so, that is no comparison.
  friend bool is_always(const TracedSize& a, const TracedSize& b) {
    return a.trace_ == b.trace_ && (a.trace_ ? a.number_ == b.number_ : a.now_ == b.now_);
  }

 private:
  friend class SizeTrace;
  TracedSize(Bytes now, std::uint32_t number, SizeTrace* trace) : now_(now), number_(number), trace_(trace) {}

  Bytes now_;
  std::uint32_t number_ = 0;    // in the trace
  SizeTrace* trace_ = nullptr;  // null: a constant
};

// How a computation went: its values in order, and what was compared.
struct SizeCourse {
  enum class Kind : std::uint8_t { given, constant, sum, difference, rounded };
  struct Value {
    Kind kind;
    std::uint32_t a = 0;  // which of those given; a value before this one
    std::int64_t b = 0;   // another; the constant; the step that is rounded to
  };
  struct Pair {
    std::uint32_t low, high;
  };

  std::vector<Value> values;
  std::vector<Pair> less, at_most;  // the low one than the high one
  std::uint32_t result = 0;
};

// Courses of one computation for different sizes, of which the next mostly takes the same as the last. Keeps those that
// were taken last.
class SizeCourses {
 public:
  static constexpr std::size_t kMost = 64;

  void add(SizeCourse course);
  // The result for these sizes; none if no course that is known goes so.
  std::optional<Bytes> follow(std::span<const Bytes> given);
  std::size_t size() const { return courses_.size(); }

 private:
  std::list<SizeCourse> courses_;  // the one taken last is first
};

// Takes down how a computation goes from given sizes to a result.
//
// If it branches by nothing but comparisons of sizes, it goes the same way for other given sizes as long as all
// comparisons come out the same, and its result comes about in the same way. A course has each value and each
// comparison once, which makes it far shorter than the computation.
class SizeTrace {
 public:
  // The next of the given sizes, which is `now`.
  TracedSize given(Bytes now);
  SizeCourse finish(const TracedSize& result) &&;

 private:
  friend TracedSize operator+(const TracedSize& a, const TracedSize& b);
  friend TracedSize operator-(const TracedSize& a, const TracedSize& b);
  friend bool operator<(const TracedSize& a, const TracedSize& b);
  friend TracedSize round_up(const TracedSize& size, std::int64_t step);
  using Kind = SizeCourse::Kind;
  // A sum of multiples, none of them 0: of 1 (number 0), of what is given and of what was rounded, in this order.
  using Terms = std::vector<std::pair<std::uint32_t, std::int64_t>>;
  struct Sum {
    std::uint64_t of = UINT64_MAX;  // two numbers
    std::int64_t times = 0;
    std::uint32_t number = 0;
  };

  // Places by two numbers for what came up lately, as most does again soon.
  static constexpr std::size_t kRecent = 256;
  static std::size_t recent_of(std::uint64_t pair) { return pair * 0x9e3779b97f4a7c15ull >> 56; }
  static std::uint64_t pair_of(std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} << 32 | b; }

  static SizeTrace* of(const TracedSize& a, const TracedSize& b) { return a.trace_ ? a.trace_ : b.trace_; }
  std::uint32_t number_of(const TracedSize& size) { return size.trace_ ? size.number_ : constant(size.now_); }
  std::uint32_t constant(Bytes size);
  std::uint32_t add_constant(Bytes size);
  TracedSize added(const TracedSize& a, const TracedSize& b, std::int64_t times);
  static Terms terms_of_sum(const Terms& a, const Terms& b, std::int64_t times);
  std::uint32_t sum(std::uint32_t first, std::uint32_t second, std::int64_t times);
  TracedSize rounded(const TracedSize& size, std::int64_t step, Bytes now);
  void compare(const TracedSize& a, const TracedSize& b, bool less);
  void note(std::uint32_t first, std::uint32_t second, bool less);
  std::uint32_t number(Terms terms, const SizeCourse::Value& value);
  std::uint32_t next_term() { return ++terms_; }

  SizeCourse course_;
  std::vector<Terms> terms_of_;                                 // by value
  std::map<Terms, std::uint32_t> number_;                       // of values: those that are always equal are one
  std::unordered_map<std::uint64_t, std::uint32_t> known_;      // sums and differences, by what they are of
  std::array<Sum, kRecent> recent_sums_;                        // of those
  std::unordered_map<std::uint64_t, std::uint32_t> multiples_;  // by what was rounded, and to what
  std::vector<std::pair<Bytes, std::uint32_t>> constants_;      // few
  std::vector<std::vector<bool>> compared_;                     // by value and value
  std::array<std::uint64_t, kRecent> recent_{};                 // of those pairs
  std::uint32_t terms_ = 0;
  std::uint32_t given_ = 0;
};

inline std::uint32_t SizeTrace::constant(Bytes size) {
  for (const auto& [known, value] : constants_)
    if (known == size) return value;
  return add_constant(size);
}

inline TracedSize SizeTrace::added(const TracedSize& a, const TracedSize& b, std::int64_t times) {
  const std::uint32_t first = number_of(a), second = number_of(b);
  const std::uint64_t pair = pair_of(first, second);
  Sum& recent = recent_sums_[recent_of(pair)];
  if (recent.of != pair || recent.times != times) recent = {pair, times, sum(first, second, times)};
  return {a.now_ + times * b.now_, recent.number, this};
}

inline void SizeTrace::compare(const TracedSize& a, const TracedSize& b, bool less) {
  const std::uint32_t first = number_of(a), second = number_of(b);
  const std::uint64_t pair = pair_of(first, second);
  std::uint64_t& recent = recent_[recent_of(pair)];
  if (recent == pair) return;  // 0 is no pair of two
  recent = pair;
  note(first, second, less);
}

inline TracedSize operator+(const TracedSize& a, const TracedSize& b) {
  SizeTrace* const trace = SizeTrace::of(a, b);
  return trace ? trace->added(a, b, 1) : TracedSize(a.now_ + b.now_);
}

inline TracedSize operator-(const TracedSize& a, const TracedSize& b) {
  SizeTrace* const trace = SizeTrace::of(a, b);
  return trace ? trace->added(a, b, -1) : TracedSize(a.now_ - b.now_);
}

inline bool operator<(const TracedSize& a, const TracedSize& b) {
  const bool less = a.now_ < b.now_;
  if (SizeTrace* const trace = SizeTrace::of(a, b)) trace->compare(a, b, less);
  return less;
}

inline TracedSize round_up(const TracedSize& size, std::int64_t step) {
  const Bytes now = round_up(size.now_, step);
  return size.trace_ ? size.trace_->rounded(size, step, now) : TracedSize(now);
}

inline Bytes now(Bytes size) {
  return size;
}
inline Bytes now(const TracedSize& size) {
  return size.now();
}

inline bool is_always(Bytes a, Bytes b) {
  return a == b;
}

}  // namespace orrery::models
