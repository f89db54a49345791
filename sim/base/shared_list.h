#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/id.h"

namespace orrery {

// A list whose copies are one until one of them is edited: what many hold and few change.
template <class T>
class SharedList {
 public:
  SharedList() = default;
  SharedList(std::vector<T> items) : items_(std::make_shared<std::vector<T>>(std::move(items))) {}

  std::size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const T& operator[](std::size_t i) const { return (*items_)[i]; }
  const T& front() const { return items_->front(); }
  const T& back() const { return items_->back(); }
  const T* begin() const { return items_ ? items_->data() : nullptr; }
  const T* end() const { return begin() + size(); }
  const T* data() const { return begin(); }
  bool operator==(const SharedList& other) const {
    return items_ == other.items_ || std::equal(begin(), end(), other.begin(), other.end());
  }

  // This list's own items; its copies keep what they have.
  std::vector<T>& edit() {
    if (!items_ || items_.use_count() > 1) part();
    return *items_;
  }

 private:
  // Apart from edit(), which is asked for every item that a list is given.
  [[gnu::noinline]] void part() {
    items_ = items_ ? std::make_shared<std::vector<T>>(*items_) : std::make_shared<std::vector<T>>();
  }

  std::shared_ptr<std::vector<T>> items_;
};

// The same, indexed by one kind of id only.
template <class IdType, class T>
class SharedIdVector {
 public:
  using Items = IdVector<IdType, T>;
  SharedIdVector() = default;
  SharedIdVector(Items items) : items_(std::make_shared<Items>(std::move(items))) {}

  std::size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const T& operator[](IdType id) const { return (*items_)[id]; }
  const T* begin() const { return empty() ? nullptr : &*items_->begin(); }
  const T* end() const { return begin() + size(); }
  IdType add(T item) { return edit().add(std::move(item)); }
  bool operator==(const SharedIdVector& other) const {
    if (items_ == other.items_) return true;
    return items_ && other.items_ ? *items_ == *other.items_ : empty() && other.empty();
  }

  // This list's own items; its copies keep what they have.
  Items& edit() {
    if (!items_)
      items_ = std::make_shared<Items>();
    else if (items_.use_count() > 1)
      items_ = std::make_shared<Items>(*items_);
    return *items_;
  }

 private:
  std::shared_ptr<Items> items_;
};

}  // namespace orrery
