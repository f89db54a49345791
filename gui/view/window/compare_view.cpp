#include "gui/view/window/compare_view.h"

#include <QHeaderView>
#include <QSplitter>
#include <QTreeWidget>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostListed = 500;

}  // namespace

CompareView::CompareView(TimelineView& first, QSplitter& splitter, QTreeWidget& table,
                         std::shared_ptr<const TraceModel> second)
    : first_(first), table_(table), second_(new TimelineView(&splitter)) {
  splitter.addWidget(second_);
  splitter.setSizes({1, 1});
  TimelineState &a = first_.state(), &b = second_->state();
  b.set_theme(*a.scene().theme);
  b.set_model(std::move(second), false);
  b.set_choices(a.choices());
  compare();
  const auto shift = [this] { return comparison_.range_b().begin - comparison_.range_a().begin; };
  connect(&a, &TimelineState::picture_changed, this, [=, this, &a, &b] { follow(a, b, shift()); });
  connect(&b, &TimelineState::picture_changed, this, [=, this, &a, &b] { follow(b, a, -shift()); });
  connect(&a, &TimelineState::selection_changed, this,
          [this, &a, &b] { select(a, comparison_.range_a().begin, b, comparison_.range_b().begin); });
  connect(&b, &TimelineState::selection_changed, this,
          [this, &a, &b] { select(b, comparison_.range_b().begin, a, comparison_.range_a().begin); });
  connect(&a, &TimelineState::model_changed, this, &CompareView::compare);
  connect(&a, &TimelineState::choices_changed, this, [&a, &b] { b.set_choices(a.choices()); });
  a.show(comparison_.range_a(), 0.01);
}

CompareView::~CompareView() {
  first_.state().set_second(nullptr);
  delete second_;
}

void CompareView::set_overlaid(bool overlaid) {
  if (overlaid == overlaid_) return;
  overlaid_ = overlaid;
  second_->setVisible(!overlaid);
  overlay();
}

void CompareView::overlay() {
  const TimelineState& b = second_->state();
  first_.state().set_second(overlaid_ ? std::make_shared<const SecondTrace>(first_.state().model(), b.scene().model)
                                      : nullptr);
}

void CompareView::compare() {
  comparison_ = Comparison(first_.state().model(), second_->state().model());
  second_->state().set_ratios([this](const std::string& name) { return comparison_.ratio_of(name); });
  fill_table();
  if (overlaid_) overlay();
}

void CompareView::fill_table() {
  table_.clear();
  const Theme& theme = *first_.state().scene().theme;
  const auto text = [](double ns) { return q(time_text(static_cast<Ns>(ns))); };
  for (std::size_t i = 0; i < std::min(kMostListed, comparison_.changes().size()); ++i) {
    const Comparison::Change& change = comparison_.changes()[i];
    const QString by = (change.difference() > 0 ? "+" : "") + text(change.difference());
    const QString share =
        change.time_a > 0 ? q(report::signed_percent(change.difference() / change.time_a)) : tr("only in B");
    auto* item = new QTreeWidgetItem(&table_, {q(change.name), text(change.time_a), text(change.time_b), by,
                                               change.time_b > 0 ? share : tr("only in A"),
                                               QString("%L1 / %L2").arg(change.count_a).arg(change.count_b)});
    QPixmap square(10, 10);
    square.fill(theme.of(change.is));
    item->setIcon(0, QIcon(square));
    for (int c = 1; c < 6; ++c) item->setTextAlignment(c, Qt::AlignRight | Qt::AlignVCenter);
  }
}

void CompareView::follow(TimelineState& from, TimelineState& to, Ns by) {
  if (overlaid_ || std::exchange(following_, true)) return;
  const TimeRange view = from.scene().viewport.view();
  to.align({view.begin + by, view.end + by});
  to.set_scroll(from.scene().scroll);
  following_ = false;
}

void CompareView::select(TimelineState& from, Ns since, TimelineState& to, Ns to_since) {
  if (std::exchange(following_, true)) return;
  const EventRef event = from.selected();
  to.select(event.is_none() ? event : counterpart(from.model(), event, since, to.model(), to_since));
  following_ = false;
}

}  // namespace orrery::gui
