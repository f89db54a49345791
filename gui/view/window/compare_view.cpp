#include "gui/view/window/compare_view.h"

#include <QScopedValueRollback>
#include <QSplitter>
#include <utility>

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
  connect(&b, &TimelineState::picture_changed, this, [this, &a, &b] {
    if (!overlaid_) follow(b, a, false);
  });
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
  forget();
  first_.state().set_second(nullptr);
  first_.set_title({});
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
  meet();
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

// Each can look as far as the other, since two rulers of different scales would mislead;
// and the second has the colours of the comparison.
void CompareView::meet() {
  TimelineState &a = first_.state(), &b = second_->state();
  const Ns later = compared_ ? compared_->second->later : 0;
  const TimeRange of_a = a.model().extent(), of_b = b.model().extent();
  const QScopedValueRollback quiet(following_, true);
  a.set_beyond(compared_ ? TimeRange{of_b.begin - later, of_b.end - later} : TimeRange());
  b.set_beyond(compared_ ? TimeRange{of_a.begin + later, of_a.end + later} : TimeRange());
  if (const auto all = compared_)
    b.set_ratios([all](const std::string& name) { return all->comparison.ratio_of(name); });
  else
    b.set_ratios({});
}

void CompareView::forget() {
  compared_.reset();
  meet();
}

void CompareView::set_overlaid(bool overlaid) {
  if (overlaid == overlaid_) return;
  overlaid_ = overlaid;
  second_->setVisible(!overlaid);
  say_names();
  overlay();
}

void CompareView::set_names(const QString& first, const QString& second) {
  first_name_ = first, second_name_ = second;
  say_names();
}

void CompareView::say_names() {
  const QString a = tr("A: %1").arg(first_name_), b = tr("B: %1").arg(second_name_);
  first_.set_title(overlaid_ ? a + '\n' + b : a);
  second_->set_title(b);
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
  if (!compared_ || std::exchange(following_, true)) return;
  const Ns by = forward ? compared_->second->later : -compared_->second->later;
  const TimeRange view = from.scene().viewport.view();
  to.align({view.begin + by, view.end + by});
  to.set_scroll(from.scene().scroll);
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
