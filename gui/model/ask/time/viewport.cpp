#include "gui/model/ask/time/viewport.h"

#include <cmath>

namespace orrery::gui {
namespace {

constexpr std::size_t kMostRemembered = 100;

}  // namespace

void Viewport::set_limits(TimeRange limits) {
  const bool showed_all = view_ == limits_;
  limits_ = limits;
  if (showed_all || view_.cut(limits).empty())
    view_ = limits;
  else
    move_to(view_);
}

// Not longer than all there is, and never off it.
void Viewport::move_to(TimeRange range) {
  const Ns length = std::clamp(range.length(), std::min(kShortest, limits_.length()), limits_.length());
  const Ns begin = std::clamp(range.begin, limits_.begin, limits_.end - length);
  view_ = {begin, begin + length};
}

void Viewport::zoom(double factor, double x) {
  const double length = std::clamp(static_cast<double>(view_.length()) / factor, static_cast<double>(kShortest),
                                   static_cast<double>(limits_.length()));
  const double share = std::clamp(x / width_, 0.0, 1.0);
  const double anchor = static_cast<double>(view_.begin) + share * static_cast<double>(view_.length());
  const auto begin = static_cast<Ns>(std::llround(anchor - share * length));
  move_to({begin, begin + static_cast<Ns>(length)});
}

void Viewport::pan(double pixels) {
  const auto by = static_cast<Ns>(std::llround(pixels * ns_per_pixel()));
  move_to({view_.begin + by, view_.end + by});
}

void Viewport::remember() {
  if (behind_.empty() || behind_.back() != view_) behind_.push_back(view_);
  if (behind_.size() > kMostRemembered) behind_.erase(behind_.begin());
  ahead_.clear();
}

void Viewport::show(TimeRange range, double margin) {
  const auto extra = static_cast<Ns>(margin * static_cast<double>(range.length()));
  remember();
  move_to({range.begin - extra, range.end + extra});
}

void Viewport::reveal(Ns when) {
  if (when >= view_.begin && when < view_.end) return;
  move_to({when - view_.length() / 2, when - view_.length() / 2 + view_.length()});
}

bool Viewport::back() {
  if (behind_.empty()) return false;
  ahead_.push_back(view_);
  move_to(behind_.back());
  behind_.pop_back();
  return true;
}

bool Viewport::forward() {
  if (ahead_.empty()) return false;
  behind_.push_back(view_);
  move_to(ahead_.back());
  ahead_.pop_back();
  return true;
}

}  // namespace orrery::gui
