#include "gui/view/panels/grouping_box.h"

#include <QStandardItemModel>

#include "gui/view/quantity_text.h"

namespace orrery::gui {
namespace {

// In the order of the enumeration, so that an index is one.
constexpr std::array kGroupings = {Grouping::none, Grouping::node, Grouping::stage, Grouping::tp,
                                   Grouping::dp,   Grouping::cp,   Grouping::ep};

}  // namespace

GroupingBox::GroupingBox(TimelineState& state, QWidget* parent) : QComboBox(parent), state_(state) {
  setAccessibleName(tr("Group ranks"));
  for (const Grouping g : kGroupings) addItem(g == Grouping::none ? tr("no groups") : tr("by %1").arg(q(to_string(g))));
  connect(this, &QComboBox::activated, this, [this](int index) { choose(static_cast<Grouping>(index)); });
  connect(&state_, &TimelineState::choices_changed, this,
          [this] { setCurrentIndex(static_cast<int>(state_.choices().grouping)); });
  connect(&state_, &TimelineState::model_changed, this, &GroupingBox::follow_model);
  follow_model();
}

QString GroupingBox::why_not(Grouping grouping) const {
  return itemData(static_cast<int>(grouping), Qt::ToolTipRole).toString();
}

void GroupingBox::choose(Grouping grouping) {
  LaneChoices choices = state_.choices();
  choices.grouping = grouping;
  state_.set_choices(choices);
}

void GroupingBox::follow_model() {
  const auto* items = qobject_cast<QStandardItemModel*>(model());
  QString reason;
  for (const Grouping g : kGroupings) {
    const int index = static_cast<int>(g);
    const QString why = q(why_not_grouped(state_.model(), g));
    items->item(index)->setEnabled(why.isEmpty());
    setItemData(index, why, Qt::ToolTipRole);
    setItemData(index, why, Qt::AccessibleDescriptionRole);
    if (!why.isEmpty()) reason = why;
  }
  setToolTip(reason.isEmpty() ? tr("What ranks are grouped by") : tr("Some groups are not there: %1").arg(reason));
  if (!why_not(state_.choices().grouping).isEmpty()) choose(Grouping::none);
}

}  // namespace orrery::gui
