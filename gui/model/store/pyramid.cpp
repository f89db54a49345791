#include "gui/model/store/pyramid.h"

#include <cmath>

#include "gui/model/store/mixture.h"
#include "gui/model/store/row.h"

namespace orrery::gui {

Pyramid::Pyramid(const Row& row, std::span<const EventClass> class_of_kind) {
  if (row.size() < 4 * kEventsPerCell) return;  // few events are quickest drawn as such
  build_base(row, class_of_kind);
  build_above();
}

void Pyramid::build_base(const Row& row, std::span<const EventClass> class_of_kind) {
  const TimeRange extent = row.extent();
  const auto wanted = static_cast<Ns>(row.size() / kEventsPerCell);
  origin_ = extent.begin;
  cell_ns_ = std::max<Ns>(1, extent.length() / wanted + 1);
  std::vector<Pixel>& cells = levels_.emplace_back(static_cast<std::size_t>(extent.length() / cell_ns_ + 1));

  // Events come in order and do not overlap, so a cell is done once one begins beyond it.
  Mixture mixture;
  std::size_t open = 0;
  const auto whole = static_cast<double>(cell_ns_);
  const auto turn_to = [&](std::size_t cell) {
    if (cell == open) return;
    if (!mixture.empty()) cells[open] = mixture.take(whole);
    open = cell;
  };
  for (std::uint32_t i = 0; i < row.size(); ++i) {
    const EventClass is = class_of_kind[row[i].kind];
    const Ns begin = row.start(i) - origin_;
    const Ns end = std::max(begin + 1, row.end(i) - origin_);  // an instant shows as well
    const auto last = std::min(cells.size() - 1, static_cast<std::size_t>((end - 1) / cell_ns_));
    for (auto cell = static_cast<std::size_t>(begin / cell_ns_); cell <= last; ++cell) {
      turn_to(cell);
      const Ns left = static_cast<Ns>(cell) * cell_ns_;
      mixture.add(is, i, static_cast<double>(std::min(end, left + cell_ns_) - std::max(begin, left)));
    }
  }
  turn_to(cells.size());
}

void Pyramid::build_above() {
  while (levels_.back().size() > kFanOut) {
    const std::vector<Pixel>& below = levels_.back();
    std::vector<Pixel> cells((below.size() + kFanOut - 1) / kFanOut);
    Mixture mixture;
    for (std::size_t i = 0; i < below.size(); ++i) {
      if (below[i].covered > 0) mixture.add(below[i].is, below[i].event, below[i].covered);
      if (i % kFanOut == kFanOut - 1 || i + 1 == below.size()) cells[i / kFanOut] = mixture.take(kFanOut * 65535.0);
    }
    levels_.push_back(std::move(cells));
  }
}

void Pyramid::sample(TimeRange view, std::span<Pixel> pixels) const {
  const double ns_per_pixel = static_cast<double>(view.length()) / static_cast<double>(pixels.size());
  std::size_t level = 0;
  double cell = static_cast<double>(cell_ns_);
  while (level + 1 < levels_.size() && cell * kFanOut <= ns_per_pixel) ++level, cell *= kFanOut;

  const std::vector<Pixel>& cells = levels_[level];
  const double first = static_cast<double>(view.begin - origin_) / cell;
  const double per_pixel = ns_per_pixel / cell;  // between 1 and kFanOut cells, more at the top
  const auto count = static_cast<double>(cells.size());
  Mixture mixture;
  for (std::size_t x = 0; x < pixels.size(); ++x) {
    const double left = first + static_cast<double>(x) * per_pixel, right = left + per_pixel;
    if (right <= 0 || left >= count) {
      pixels[x] = Pixel();
      continue;
    }
    const auto from = static_cast<std::size_t>(std::max(0.0, left));
    const auto to = static_cast<std::size_t>(std::min(count, std::ceil(right)));
    for (std::size_t i = from; i < to; ++i) {
      if (cells[i].covered == 0) continue;
      const auto at = static_cast<double>(i);
      const double part = std::min(right, at + 1) - std::max(left, at);
      mixture.add(cells[i].is, cells[i].event, cells[i].covered * part);
    }
    pixels[x] = mixture.empty() ? Pixel() : mixture.take(per_pixel * 65535.0);
  }
}

std::size_t Pyramid::bytes() const {
  std::size_t sum = 0;
  for (const std::vector<Pixel>& level : levels_) sum += level.capacity() * sizeof(Pixel);
  return sum;
}

}  // namespace orrery::gui
