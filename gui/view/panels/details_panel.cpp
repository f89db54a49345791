#include "gui/view/panels/details_panel.h"

#include <QHeaderView>

#include "gui/model/ask/path/cause.h"
#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "gui/view/timeline/scene/second_text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostListed = 50;

}  // namespace

DetailsPanel::DetailsPanel(TimelineState& state, QWidget* parent) : QTreeWidget(parent), state_(state) {
  setColumnCount(2);
  setHeaderLabels({tr("What"), tr("Value")});
  header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
  setAlternatingRowColors(true);
  setRootIsDecorated(true);
  setAccessibleName(tr("Details of the selected event"));
  connect(&state_, &TimelineState::selection_changed, this, &DetailsPanel::refill);
  connect(this, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    const QVariant row = item->data(0, Qt::UserRole);
    if (row.isValid()) state_.select_and_reveal({row.toUInt(), item->data(1, Qt::UserRole).toUInt()});
  });
  refill();
}

void DetailsPanel::add(const QString& key, const QString& value) {
  new QTreeWidgetItem(this, {key, value});
}

void DetailsPanel::refill() {
  clear();
  const EventRef event = state_.selected();
  if (event.is_none()) {
    add(tr("Nothing is selected"), tr("Click an event; drag for an area"));
    return;
  }
  const TraceModel& model = state_.model();
  const TimeRange range = model.range(event);
  add(tr("Name"), q(model.name(event)));
  add(tr("Class"), q(to_string(model.class_of(event))));
  add(tr("Duration"), q(exact_time_text(range.length())));
  add(tr("Start"), q(exact_time_text(range.begin)));
  add(tr("End"), q(exact_time_text(range.end)));
  if (const auto slack = state_.scene().slack.of(event)) add(tr("Slack"), slack_text(*slack));
  if (const auto& second = state_.scene().second) add(tr("Compared"), second_text(*second, model, event));
  add(tr("Track"), q(model.process(event).name) + "  " + q(model.track(event).name));
  if (!model.process(event).labels.empty()) add(tr("Program"), q(model.process(event).labels));
  if (const auto bytes = model.number(event, "bytes"); bytes && range.length() > 0)
    add(tr("Rate"), quantity_text(static_cast<double>(*bytes) * 1e9 / static_cast<double>(range.length()), "B/s"));
  for (const Arguments::Argument& argument : model.arguments(event)) {
    const QString value = q(argument.value);
    const bool bytes = argument.key == "bytes" && argument.is_number;
    add(q(argument.key), bytes ? value + "   " + quantity_text(static_cast<double>(argument.number), "bytes") : value);
  }
  add_events(tr("Waits for"), before(model, event, kMostListed));
  add_events(tr("Leads to"), after(model, event, kMostListed));
}

void DetailsPanel::add_events(const QString& title, const std::vector<EventRef>& events) {
  if (events.empty()) return;
  const TraceModel& model = state_.model();
  auto* head =
      new QTreeWidgetItem(this, {title, events.size() == 1 ? tr("1 event") : tr("%L1 events").arg(events.size())});
  for (const EventRef& event : events) {
    auto* item = new QTreeWidgetItem(head, {q(model.process(event).name) + "  " + q(model.track(event).name),
                                            q(model.name(event)) + ", " + q(time_text(model.range(event).length()))});
    item->setData(0, Qt::UserRole, event.row);
    item->setData(1, Qt::UserRole, event.index);
  }
  head->setExpanded(true);
}

}  // namespace orrery::gui
