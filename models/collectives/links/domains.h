#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "sim/base/id.h"

namespace orrery::models {

// Ranks of a group by NVLink domain ("node"), one domain behind the other.
class Domains {
 public:
  using Members = std::span<const RankId>;

  Domains() = default;
  // In the order in which `ranks` first name each domain of `domain_gpus` GPUs; inside a domain as they stand.
  Domains(std::span<const RankId> ranks, std::uint32_t domain_gpus);

  void add(Members members);

  std::size_t size() const { return ends_.size(); }
  Members operator[](std::size_t domain) const {
    const std::size_t begin = domain == 0 ? 0 : ends_[domain - 1];
    return Members(ranks_).subspan(begin, ends_[domain] - begin);
  }
  Members all() const { return ranks_; }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Members;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Members;

    Iterator(const Domains& of, std::size_t at) : of_(&of), at_(at) {}
    Members operator*() const { return (*of_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return {*of_, at_++}; }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Domains* of_;
    std::size_t at_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  std::vector<RankId> ranks_;
  std::vector<std::size_t> ends_;  // by domain: one past its last rank
};

}  // namespace orrery::models
