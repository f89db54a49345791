#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/scenario/reader.h"
#include "sim/base/read/document.h"
#include "sweep/expression.h"

namespace orrery::sweep {

// A key of the scenario and the values that it takes, as YAML text.
struct Axis {
  std::string path;  // "layout.tp"
  std::vector<std::string> values;
  Where where;
};

// What a `sweep:` section asks for: every combination of its axes (or a sample of them)
// for which the conditions hold. Points are numbered, the last axis fastest, and a number
// means the same point for ever.
//
//   sweep:
//     layout.tp: [1, 2, 4, 8]
//     layout.pp: {powers_of_two: [1, 16]}
//     training.micro_batch: {range: [1, 9, 2]}     # 1, 3, 5, 7, 9
//     where: ["tp * pp * dp == gpus", "fits"]
//     sample: {points: 1000, seed: 1}
class Space {
 public:
  static constexpr std::uint64_t kMostPoints = 100'000'000;

  // From the scenario's tree, of which the section is taken out. Without a section there is one point.
  static Result<Space> take_from(Node& scenario);

  const std::vector<Axis>& axes() const { return axes_; }
  const std::vector<Expression>& where() const { return where_; }

  // How many combinations there are, and how many of them are asked for.
  std::uint64_t combinations() const { return combinations_; }
  std::uint64_t size() const { return sampled_.empty() ? combinations_ : sampled_.size(); }

  // Point i of size(): the combination's number, and what it sets.
  std::uint64_t combination(std::uint64_t point) const { return sampled_.empty() ? point : sampled_[point]; }
  std::vector<models::Override> overrides(std::uint64_t point) const;
  // The value of an axis, as written.
  const std::string& value(std::uint64_t point, std::size_t axis) const;

 private:
  void read_section(const Node& section, Errors& errors);
  void draw(std::uint64_t points, std::uint64_t seed);

  std::vector<Axis> axes_;
  std::vector<Expression> where_;
  std::uint64_t combinations_ = 1;
  std::vector<std::uint64_t> sampled_;  // numbers of combinations, ascending; empty: all
};

}  // namespace orrery::sweep
