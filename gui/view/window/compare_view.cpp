#include "gui/view/window/compare_view.h"

#include <QSplitter>

namespace orrery::gui {

CompareView::CompareView(TimelineView& first, QSplitter& splitter, std::shared_ptr<const TraceModel> second)
    : first_(first), second_(new TimelineView(&splitter)), asker_(new Asker(this)) {
  splitter.addWidget(second_);
  splitter.setSizes({1, 1});
  TimelineState &a = first_.state(), &b = second_->state();
  b.set_theme(*a.scene().theme);
  b.set_model(std::move(second), false);
  b.set_choices(a.choices());
  b.show_steady_step();
  connect(asker_, &Asker::progress, this, &CompareView::progress);
  connect(asker_, &Asker::failed, this, &CompareView::failed);
  connect(&a, &TimelineState::picture_changed, this, [this, &a, &b] { follow(a, b, true); });
  connect(&b, &TimelineState::picture_changed, this, [this, &a, &b] { follow(b, a, false); });
  connect(&a, &TimelineState::selection_changed, this, [this, &a, &b] { select(a, b, true); });
  connect(&b, &TimelineState::selection_changed, this, [this, &a, &b] { select(b, a, false); });
  connect(&a, &TimelineState::choices_changed, this, [&a, &b] { b.set_choices(a.choices()); });
  // Another trace, or more of it: nothing that was found is true of that.
  connect(&a, &TimelineState::model_changed, this, [this] {
    forget();
    compare(std::nullopt);
  });
}

CompareView::~CompareView() {
  asker_->give_up();
  first_.state().set_second(nullptr);
  delete second_;
}

void CompareView::start() {
  compare(std::nullopt);
}

bool CompareView::cancel() {
  asker_->give_up();
  return compared_ != nullptr;
}

void CompareView::compare(std::optional<Alignment> alignment) {
  emit began();
  const CompareRequest request{first_.state().scene().model, second_->state().scene().model, std::move(alignment),
                               compared_ ? compared_->second : nullptr};
  asker_->ask([this, request](const GoOn& go_on) -> Asked::Then {
    auto compared = gui::compare(request, go_on);
    return [this, compared] {
      if (compared) show(compared);
    };
  });
}

void CompareView::show(std::shared_ptr<const Compared> compared) {
  compared_ = std::move(compared);
  second_->state().set_ratios([all = compared_](const std::string& name) { return all->comparison.ratio_of(name); });
  overlay();
  // What is aligned is to be seen, wherever a person looked before.
  TimelineState& a = first_.state();
  const TimeRange aligned = alignment()->a().range;
  if (aligned.cut(a.scene().viewport.view()).empty())
    a.show(aligned, 0.01);
  else
    follow(a, second_->state(), true);
  select(a, second_->state(), true);
  emit compared_anew();
}

void CompareView::forget() {
  compared_.reset();
  second_->state().set_ratios({});
}

void CompareView::set_overlaid(bool overlaid) {
  if (overlaid == overlaid_) return;
  overlaid_ = overlaid;
  second_->setVisible(!overlaid);
  overlay();
}

void CompareView::overlay() {
  first_.state().set_second(overlaid_ && compared_ ? compared_->second : nullptr);
}

void CompareView::align(const Alignment& alignment) {
  if (compared_) compare(alignment);
}

bool CompareView::align_in_view() {
  if (!compared_) return false;
  const auto step = step_in_view(alignment()->steps_a(), first_.state().scene().viewport.view());
  if (step) align(alignment()->with(*step));
  return step.has_value();
}

void CompareView::align_next(int by) {
  if (!compared_) return;
  const Alignment& now = *alignment();
  const auto at = static_cast<std::ptrdiff_t>(now.at_b()) + by;
  if (at < 0 || at >= std::ssize(now.steps_b())) return;
  align(now.with(now.at_a(), static_cast<std::size_t>(at)));
}

void CompareView::follow(TimelineState& from, TimelineState& to, bool forward) {
  // A second that ends before the first looks elsewhere, and does not pull the first there
  // as long as nobody moves it.
  const bool still = !forward && (overlaid_ || from.scene().viewport.view() == led_to_);
  if (!compared_ || following_) return;
  following_ = true;
  if (still) {
    if (!overlaid_) to.set_scroll(from.scene().scroll);
    following_ = false;
    return;
  }
  const Ns by = forward ? compared_->second->later : -compared_->second->later;
  const TimeRange view = from.scene().viewport.view();
  to.align({view.begin + by, view.end + by});
  to.set_scroll(from.scene().scroll);
  led_to_ = (forward ? to : from).scene().viewport.view();
  following_ = false;
}

void CompareView::select(TimelineState& from, TimelineState& to, bool forward) {
  if (!compared_ || std::exchange(following_, true)) return;
  const Pairing& pairing = compared_->second->pairing();
  const EventRef event = from.selected();
  to.select(event.is_none() ? event : forward ? pairing.in_b(event) : pairing.in_a(event));
  following_ = false;
}

}  // namespace orrery::gui
