#include "gui/model/store/arrows.h"

namespace orrery::gui {
namespace {

using End = EventRef Arrow::*;

void sort_by(std::vector<Arrow>& arrows, End first, End second) {
  std::sort(arrows.begin(), arrows.end(), [&](const Arrow& a, const Arrow& b) {
    return a.*first != b.*first ? a.*first < b.*first : a.*second < b.*second;
  });
}

std::span<const Arrow> equal(const std::vector<Arrow>& arrows, End end, EventRef event) {
  const auto from = std::lower_bound(arrows.begin(), arrows.end(), event,
                                     [&](const Arrow& a, const EventRef& e) { return a.*end < e; });
  const auto to =
      std::upper_bound(from, arrows.end(), event, [&](const EventRef& e, const Arrow& a) { return e < a.*end; });
  return {from, to};
}

}  // namespace

Arrows::Arrows(std::vector<Arrow> arrows) : by_from_(std::move(arrows)) {
  sort_by(by_from_, &Arrow::from, &Arrow::to);
  by_from_.erase(std::unique(by_from_.begin(), by_from_.end()), by_from_.end());
  by_to_ = by_from_;
  sort_by(by_to_, &Arrow::to, &Arrow::from);
}

std::span<const Arrow> Arrows::out_of(EventRef event) const {
  return equal(by_from_, &Arrow::from, event);
}

std::span<const Arrow> Arrows::into(EventRef event) const {
  return equal(by_to_, &Arrow::to, event);
}

}  // namespace orrery::gui
