#pragma once

#include <cstdint>
#include <vector>

namespace orrery::topology {

// A torus of n vertices in any number of dimensions. Vertices are numbered along a
// snake, so that consecutive ones are neighbours. Vertex v owns the wire to its
// next neighbour in dimension d, number v * dimensions + d; a dimension of one has
// none, and one that does not close none at its end.
class Grid {
 public:
  // A dimension closes (wraps around) where it is a multiple of `wrap_multiple`.
  Grid(std::vector<int> dimensions, int wrap_multiple);

  struct Step {
    std::uint32_t wire = 0;
    bool forward = true;  // along the wire, away from its owner
  };

  std::uint32_t size() const { return size_; }
  std::uint32_t dimensions() const { return static_cast<std::uint32_t>(extent_.size()); }
  const std::vector<int>& extents() const { return extent_; }
  bool has_wire(std::uint32_t wire) const;
  std::pair<std::uint32_t, std::uint32_t> ends(std::uint32_t wire) const;
  std::vector<int> coordinates(std::uint32_t vertex) const;
  std::uint32_t vertex(const std::vector<int>& coordinates) const;

  // Dimension by dimension, the shorter way round each. Two ways of one length
  // are taken by even and odd vertices.
  std::vector<Step> walk(std::uint32_t from, std::uint32_t to) const;

 private:
  bool closes(std::size_t d) const { return extent_[d] > 1 && extent_[d] % wrap_multiple_ == 0; }

  std::vector<int> extent_;
  int wrap_multiple_;
  std::uint32_t size_ = 1;
};

// n vertices as near to a cube as their factors allow, the smallest dimension first.
std::vector<int> near_cube(int n, int dimensions);

}  // namespace orrery::topology
