#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace orrery {

// An index with a type: a LinkId cannot stand where a RankId is due.
template <class Tag>
struct Id {
  std::uint32_t value = 0;

  static constexpr Id none() { return {UINT32_MAX}; }
  constexpr bool is_none() const { return value == UINT32_MAX; }
  constexpr auto operator<=>(const Id&) const = default;
};

using RankId = Id<struct RankTag>;        // one GPU of the job; equal to its GPU's index in the cluster
using GroupId = Id<struct GroupTag>;      // ranks that meet in collectives
using LinkId = Id<struct LinkTag>;        // one direction of a wire (or of a bundle that is shared as one)
using ProgramId = Id<struct ProgramTag>;  // what one kind of rank is told to do

// A vector that is indexed by one kind of id only.
template <class IdType, class T>
class IdVector {
 public:
  IdVector() = default;
  explicit IdVector(std::size_t n, const T& value = T()) : items_(n, value) {}

  T& operator[](IdType id) { return items_[id.value]; }
  const T& operator[](IdType id) const { return items_[id.value]; }

  IdType add(T item) {
    items_.push_back(std::move(item));
    return {static_cast<std::uint32_t>(items_.size() - 1)};
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void resize(std::size_t n) { items_.resize(n); }
  void reserve(std::size_t n) { items_.reserve(n); }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  bool operator==(const IdVector& other) const {
    if constexpr (std::has_unique_object_representations_v<T>)
      return size() == other.size() &&
             (empty() || std::memcmp(items_.data(), other.items_.data(), size() * sizeof(T)) == 0);
    else
      return items_ == other.items_;
  }

 private:
  std::vector<T> items_;
};

}  // namespace orrery
