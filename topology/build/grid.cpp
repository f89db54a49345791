#include "topology/build/grid.h"

#include <utility>

namespace orrery::topology {

Grid::Grid(std::vector<int> dimensions, int wrap_multiple)
    : extent_(std::move(dimensions)), wrap_multiple_(wrap_multiple) {
  for (int e : extent_) size_ *= static_cast<std::uint32_t>(e);
}

// A snake: every second run of a dimension goes backwards.
std::vector<int> Grid::coordinates(std::uint32_t vertex) const {
  std::vector<int> at(extent_.size());
  for (std::size_t d = 0; d < extent_.size(); ++d) {
    const auto e = static_cast<std::uint32_t>(extent_[d]);
    const std::uint32_t run = vertex / e;
    at[d] = static_cast<int>(run % 2 == 0 ? vertex % e : e - 1 - vertex % e);
    vertex = run;
  }
  return at;
}

std::uint32_t Grid::vertex(const std::vector<int>& at) const {
  std::uint32_t run = 0;
  for (std::size_t d = extent_.size(); d-- > 0;) {
    const auto e = static_cast<std::uint32_t>(extent_[d]), x = static_cast<std::uint32_t>(at[d]);
    run = run * e + (run % 2 == 0 ? x : e - 1 - x);
  }
  return run;
}

bool Grid::has_wire(std::uint32_t wire) const {
  const std::uint32_t d = wire % dimensions();
  if (extent_[d] < 2) return false;
  return closes(d) || coordinates(wire / dimensions())[d] + 1 < extent_[d];
}

std::pair<std::uint32_t, std::uint32_t> Grid::ends(std::uint32_t wire) const {
  const std::uint32_t d = wire % dimensions();
  std::vector<int> at = coordinates(wire / dimensions());
  at[d] = (at[d] + 1) % extent_[d];
  return {wire / dimensions(), vertex(at)};
}

std::vector<Grid::Step> Grid::walk(std::uint32_t from, std::uint32_t to) const {
  std::vector<Step> steps;
  std::vector<int> at = coordinates(from);
  const std::vector<int> end = coordinates(to);
  for (std::uint32_t d = 0; d < dimensions(); ++d) {
    const int e = extent_[d], ahead = ((end[d] - at[d]) % e + e) % e, back = e - ahead;
    bool forward = closes(d) ? ahead < back || (ahead == back && at[d] % 2 == 0) : end[d] > at[d];
    for (; at[d] != end[d];) {
      const int next = ((at[d] + (forward ? 1 : -1)) % e + e) % e;
      if (forward) steps.push_back({vertex(at) * dimensions() + d, true});
      at[d] = next;
      if (!forward) steps.push_back({vertex(at) * dimensions() + d, false});
    }
  }
  return steps;
}

std::vector<int> near_cube(int n, int dimensions) {
  std::vector<int> extents;
  for (int left = dimensions; left > 0; --left) {
    int root = 1;  // the largest factor whose power by `left` is at most n
    for (int f = 1; f <= n; ++f) {
      std::int64_t power = 1;
      for (int i = 0; i < left; ++i) power *= f;
      if (power > n) break;
      if (n % f == 0) root = f;
    }
    extents.push_back(left == 1 ? n : root);
    n /= extents.back();
  }
  return extents;
}

}  // namespace orrery::topology
