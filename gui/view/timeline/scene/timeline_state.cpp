#include "gui/view/timeline/scene/timeline_state.h"

#include <utility>

#include "gui/model/ask/path/cause.h"
#include "gui/model/ask/time/steps.h"

namespace orrery::gui {

TimelineState::TimelineState(QObject* parent) : QObject(parent) {
  scene_.rebuild_lanes();
  scene_.rebuild_colours();
}

void TimelineState::set_model(std::shared_ptr<const TraceModel> model, bool same_trace) {
  scene_.model = std::move(model);
  scene_.hits = {};
  scene_.slack = {};
  scene_.second.reset();
  beyond_ = {};
  // Rows are numbered anew by every model.
  selected_ = selected_before_ = hovered_ = EventRef::none();
  if (!same_trace) {
    scene_.critical = {};
    scene_.show_critical = false;
    scene_.scroll = 0;
    area_.reset();
    measure_.reset();
    notes_.clear();
    const int width = scene_.viewport.width();
    scene_.viewport = Viewport();
    scene_.viewport.set_width(width);
  }
  set_limits();
  scene_.rebuild_colours();
  current_lane_ = -1;
  lanes_changed();
  emit model_changed();
  emit selection_changed();
  emit area_changed();
}

void TimelineState::set_theme(const Theme& theme) {
  scene_.theme = &theme;
  scene_.rebuild_colours();
  emit colours_changed();
  emit picture_changed();
}

void TimelineState::set_colour_by(ColourBy by) {
  scene_.colour_by = by;
  scene_.rebuild_colours();
  emit colours_changed();
  emit picture_changed();
}

void TimelineState::set_ratios(std::function<double(const std::string&)> ratio_of) {
  scene_.ratio_of = std::move(ratio_of);
  set_colour_by(ColourBy::difference);
}

void TimelineState::set_second(std::shared_ptr<const SecondTrace> second) {
  scene_.second = std::move(second);
  set_limits();
  current_lane_ = -1;
  lanes_changed();
  emit selection_changed();  // what is said of it beside
}

void TimelineState::set_beyond(TimeRange beyond) {
  beyond_ = beyond;
  set_limits();
  emit picture_changed();
}

// All there is, of either trace.
void TimelineState::set_limits() {
  TimeRange limits = scene_.model->extent();
  const auto widen = [&](TimeRange by) {
    if (!by.empty()) limits = {std::min(limits.begin, by.begin), std::max(limits.end, by.end)};
  };
  widen(beyond_);
  if (scene_.second && scene_.second->model->events() > 0) {
    const TimeRange other = scene_.second->model->extent();
    widen({other.begin - scene_.second->later, other.end - scene_.second->later});
  }
  if (limits == scene_.viewport.limits()) return;
  scene_.viewport.set_limits(limits);
  emit limits_changed();
}

void TimelineState::set_size(int width, int height) {
  scene_.viewport.set_width(width);
  height_ = height;
  keep_scroll();
}

void TimelineState::set_hits(Marks hits) {
  scene_.hits = std::move(hits);
  emit picture_changed();
}

void TimelineState::set_critical(Marks critical, Slack slack) {
  scene_.critical = std::move(critical);
  scene_.slack = std::move(slack);
  emit picture_changed();
}

void TimelineState::toggle_critical() {
  scene_.show_critical = !scene_.show_critical && has_critical();
  emit picture_changed();
}

void TimelineState::zoom(double factor) {
  zoom_at(factor, pointer_.value_or(scene_.viewport.width() / 2.0));
}

void TimelineState::zoom_at(double factor, double x) {
  scene_.viewport.zoom(factor, x);
  focused_ = false;
  emit picture_changed();
}

void TimelineState::pan(double pixels) {
  scene_.viewport.pan(pixels);
  focused_ = false;
  emit picture_changed();
}

int TimelineState::most_scroll() const {
  return std::max(0, scene_.lanes.height() - (height_ - scene_.lanes.pinned_height()));
}

void TimelineState::keep_scroll() {
  scene_.scroll = std::clamp(scene_.scroll, 0, most_scroll());
}

void TimelineState::set_scroll(int y) {
  if (std::clamp(y, 0, most_scroll()) == scene_.scroll) return;
  scene_.scroll = y;
  keep_scroll();
  emit picture_changed();
}

void TimelineState::scroll(int pixels) {
  set_scroll(scene_.scroll + pixels);
}

void TimelineState::show(TimeRange range, double margin) {
  scene_.viewport.show(range, margin);
  focused_ = false;
  emit picture_changed();
}

void TimelineState::align(TimeRange range) {
  scene_.viewport.move_to(range);
  emit picture_changed();
}

void TimelineState::show_all() {
  show(scene_.viewport.limits());
}

void TimelineState::show_steady_step() {
  const std::vector<Step> steps = steps_of(model());
  if (steps.size() > 1) show(steps.back().range, 0.01);
}

void TimelineState::back() {
  if (scene_.viewport.back()) emit picture_changed();
}

void TimelineState::forward() {
  if (scene_.viewport.forward()) emit picture_changed();
}

void TimelineState::select(EventRef event) {
  if (event != selected_) selected_before_ = std::exchange(selected_, event);
  focused_ = false;
  emit overlay_changed();
  emit selection_changed();
}

void TimelineState::reveal_track(std::uint32_t track) {
  int lane = scene_.lanes.of_track(track);
  if (lane < 0) {  // within something collapsed, or filtered away
    scene_.choices.filter.clear();
    const std::string process = model().processes()[model().tracks()[track].process].name;
    scene_.choices.expanded.insert(process);
    scene_.choices.collapsed.erase(process);
    if (const auto& at = model().processes()[model().tracks()[track].process].place)
      scene_.choices.collapsed.erase(path_of_node(at->node));
    std::erase_if(scene_.choices.collapsed, [](const std::string& path) { return path.starts_with("group/"); });
    lanes_changed();
    emit choices_changed();
    lane = scene_.lanes.of_track(track);
    if (lane < 0) return;
  }
  const Lane& at = scene_.lanes.all()[static_cast<std::size_t>(lane)];
  const int room = height_ - scene_.lanes.pinned_height();
  if (at.y < scene_.scroll || at.y + at.height > scene_.scroll + room) set_scroll(at.y - room / 3);
}

void TimelineState::select_and_reveal(EventRef event) {
  if (event.is_none()) return;
  select(event);
  reveal_track(model().track_of(event));
  const TimeRange range = model().range(event), view = scene_.viewport.view();
  if (range.cut(view).empty() && !(range.empty() && range.begin >= view.begin && range.begin < view.end))
    scene_.viewport.reveal(range.begin + std::min(range.length(), view.length()) / 2);
  emit picture_changed();
}

void TimelineState::step(int by) {
  if (selected_.is_none()) return;
  select_and_reveal(by > 0 ? model().next(selected_) : model().previous(selected_));
}

void TimelineState::follow(bool forward) {
  if (selected_.is_none()) return;
  const auto found = forward ? after(model(), selected_, 1) : before(model(), selected_, 1);
  if (!found.empty()) select_and_reveal(found.front());
}

void TimelineState::focus() {
  if (selected_.is_none()) return;
  if (focused_) {
    back();
    focused_ = false;
    return;
  }
  reveal_track(model().track_of(selected_));
  show(model().range(selected_), 0.6);
  focused_ = true;
}

void TimelineState::clear() {
  set_measure(std::nullopt);
  set_area(std::nullopt);
  select(EventRef::none());
}

void TimelineState::hover(EventRef event) {
  if (hovered_ == event) return;
  hovered_ = event;
  emit overlay_changed();
}

void TimelineState::next_hit(bool forward) {
  const Marks& hits = scene_.hits;
  if (hits.empty()) return;
  EventRef hit = forward ? hits.next(model(), selected_) : hits.previous(model(), selected_);
  if (hit.is_none()) hit = forward ? hits.next(model(), hit) : hits.previous(model(), hit);  // round the end
  select_and_reveal(hit);
}

void TimelineState::set_area(std::optional<Area> area) {
  area_ = area;
  emit overlay_changed();
  emit area_changed();
}

void TimelineState::area_from_selection() {
  if (selected_.is_none()) return;
  set_area(Area{model().range(selected_), 0, scene_.lanes.height()});
}

void TimelineState::area_from_view() {
  set_area(Area{scene_.viewport.view(), 0, scene_.lanes.height()});
}

void TimelineState::show_area() {
  if (area_) show(area_->range);
}

std::vector<std::uint32_t> TimelineState::area_tracks() const {
  if (!area_) return {};
  return scene_.lanes.tracks_between(model(), area_->top, area_->bottom);
}

void TimelineState::set_measure(std::optional<TimeRange> measure) {
  measure_ = measure;
  emit overlay_changed();
}

void TimelineState::measure_selection() {
  if (selected_.is_none()) return;
  TimeRange range = model().range(selected_);
  if (!selected_before_.is_none()) {
    const TimeRange before = model().range(selected_before_);
    range = {std::min(range.begin, before.begin), std::max(range.end, before.end)};
  }
  set_measure(range);
}

void TimelineState::set_notes(std::vector<TimelineNote> notes) {
  notes_ = std::move(notes);
  emit overlay_changed();
}

Ns TimelineState::note_moment() const {
  if (!selected_.is_none()) return model().range(selected_).begin;
  return scene_.viewport.at(pointer_.value_or(scene_.viewport.width() / 2.0));
}

}  // namespace orrery::gui
