#include "gui/model/store/row.h"

#include "gui/model/store/mixture.h"

namespace orrery::gui {
namespace {

// Beyond so many events in one pixel the rest of it is taken to be alike.
constexpr int kMostPerPixel = 64;

}  // namespace

Row::Row(std::vector<Event> events, std::vector<LongDuration> long_durations, std::span<const EventClass> class_of_kind)
    : events_(std::move(events)), long_(std::move(long_durations)), pyramid_(*this, class_of_kind) {}

Ns Row::duration(std::uint32_t index) const {
  const std::uint32_t stored = events_[index].duration;
  if (stored != kLong) return stored;
  const auto at = std::lower_bound(long_.begin(), long_.end(), index,
                                   [](const LongDuration& d, std::uint32_t i) { return d.index < i; });
  return at != long_.end() && at->index == index ? at->duration : stored;
}

std::uint32_t Row::first_starting_from(Ns when) const {
  const auto at =
      std::lower_bound(events_.begin(), events_.end(), when, [](const Event& e, Ns t) { return e.start < t; });
  return static_cast<std::uint32_t>(at - events_.begin());
}

std::uint32_t Row::first_ending_after(Ns when) const {
  const std::uint32_t next = first_starting_from(when);
  return next > 0 && end(next - 1) > when ? next - 1 : next;
}

std::optional<std::uint32_t> Row::at(Ns when) const {
  const std::uint32_t index = first_ending_after(when);
  if (index < size() && start(index) <= when) return index;
  return std::nullopt;
}

std::optional<std::uint32_t> Row::near(Ns when, Ns slack) const {
  if (const auto hit = at(when)) return hit;
  const std::uint32_t next = first_starting_from(when);
  const Ns after = next < size() ? start(next) - when : INT64_MAX;
  const Ns before = next > 0 ? when - end(next - 1) : INT64_MAX;
  if (std::min(before, after) > slack) return std::nullopt;
  return after <= before ? next : next - 1;
}

void Row::sample(TimeRange view, std::span<const EventClass> class_of_kind, std::span<Pixel> pixels) const {
  if (pixels.empty() || view.empty()) return;
  const double ns_per_pixel = static_cast<double>(view.length()) / static_cast<double>(pixels.size());
  if (pyramid_.serves(ns_per_pixel))
    pyramid_.sample(view, pixels);
  else
    sample_events(view, class_of_kind, pixels);
}

// Walks the events in view. The column that is being filled is kept in a mixture;
// columns that one event has for itself are written straight away.
void Row::sample_events(TimeRange view, std::span<const EventClass> class_of_kind, std::span<Pixel> pixels) const {
  std::fill(pixels.begin(), pixels.end(), Pixel());
  const auto width = static_cast<Ns>(pixels.size());
  const double per_ns = static_cast<double>(width) / static_cast<double>(view.length());
  Mixture mixture;
  Ns open = 0;
  int in_open = 0;
  const auto turn_to = [&](Ns column) {
    if (column == open) return;
    if (!mixture.empty()) pixels[static_cast<std::size_t>(open)] = mixture.take(1.0);
    open = column;
    in_open = 0;
  };
  for (std::uint32_t i = first_ending_after(view.begin); i < size() && start(i) < view.end; ++i) {
    const EventClass is = class_of_kind[events_[i].kind];
    const double left = std::max(0.0, static_cast<double>(start(i) - view.begin) * per_ns);
    const double right = std::min(static_cast<double>(width), static_cast<double>(end(i) - view.begin) * per_ns);
    const Ns first = std::min(width - 1, static_cast<Ns>(left));
    const Ns last = std::min(width - 1, static_cast<Ns>(right));
    turn_to(first);
    if (last == first) {
      mixture.add(is, i, std::max(right - left, 1e-6));
      if (++in_open == kMostPerPixel)  // jump over the rest of this column
        i = std::max(i, first_starting_from(view.begin + static_cast<Ns>(static_cast<double>(first + 1) / per_ns)) - 1);
      continue;
    }
    mixture.add(is, i, static_cast<double>(first + 1) - left);
    turn_to(first + 1);
    for (Ns x = first + 1; x < last; ++x) pixels[static_cast<std::size_t>(x)] = {i, 65535, is};
    turn_to(last);
    if (right > static_cast<double>(last)) mixture.add(is, i, right - static_cast<double>(last));
  }
  turn_to(width);
}

std::size_t Row::bytes() const {
  return events_.capacity() * sizeof(Event) + long_.capacity() * sizeof(LongDuration) + pyramid_.bytes();
}

}  // namespace orrery::gui
