#include "gui/view/panels/event_table.h"

#include <QEvent>
#include <QHeaderView>
#include <algorithm>

#include "gui/model/ask/time/ticks.h"
#include "gui/model/ask/work/listing.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {

namespace {

// What is listed.
struct ShownPart {
  std::shared_ptr<const TraceModel> model;
  std::vector<std::uint32_t> tracks;
  TimeRange range;
};

ShownPart shown_part(const TimelineState& state) {
  const Lanes& lanes = state.scene().lanes;
  if (state.area()) return {state.scene().model, state.area_tracks(), state.area()->range};
  return {state.scene().model, lanes.tracks_between(state.model(), 0, lanes.height()), state.scene().viewport.view()};
}

}  // namespace

EventListModel::EventListModel(TimelineState& state, QObject* parent)
    : QAbstractTableModel(parent), state_(state), asker_(new Asker(this)) {}

void EventListModel::refill() {
  const ShownPart part = shown_part(state_);
  asker_->give_up();
  show(first_events(*part.model, part.tracks, part.range, kMost));
}

void EventListModel::ask() {
  asker_->ask([this, part = shown_part(state_)](const GoOn& go_on) -> Asked::Then {
    auto events = first_events(*part.model, part.tracks, part.range, kMost, go_on);
    return [this, events] { show(events); };
  });
}

void EventListModel::forget() {
  asker_->give_up();
  show({});
}

void EventListModel::show(std::vector<EventRef> events) {
  beginResetModel();
  events_ = std::move(events);
  endResetModel();
}

int EventListModel::row_of(EventRef event) const {
  const auto at = std::find(events_.begin(), events_.end(), event);
  return at == events_.end() ? -1 : static_cast<int>(at - events_.begin());
}

int EventListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(events_.size());
}

int EventListModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : columns;
}

QVariant EventListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  const QStringList names = {tr("Start"), tr("Duration"), tr("Slack"), tr("Name"),
                             tr("Class"), tr("Process"),  tr("Track")};
  return names.value(section);
}

QVariant EventListModel::data(const QModelIndex& index, int role) const {
  const TraceModel& model = state_.model();
  const EventRef e = event_at(index.row());
  if (e.row >= model.rows().size() || e.index >= model.rows()[e.row].size()) return {};
  if (role == Qt::DecorationRole && index.column() == name) return state_.scene().theme->of(model.class_of(e));
  if (role == Qt::TextAlignmentRole && index.column() <= slack) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case start:
      return q(exact_time_text(model.range(e).begin));
    case duration:
      return q(exact_time_text(model.range(e).length()));
    case slack: {
      const auto known = state_.scene().slack.of(e);
      return known ? q(exact_time_text(*known)) : QString();
    }
    case name:
      return q(model.name(e));
    case event_class:
      return q(to_string(model.class_of(e)));
    case process:
      return q(model.process(e).name);
    case track:
      return q(model.track(e).name);
    default:
      return {};
  }
}

EventTable::EventTable(TimelineState& state, QWidget* parent)
    : QTableView(parent), state_(state), list_(new EventListModel(state, this)) {
  setModel(list_);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setAlternatingRowColors(true);
  setShowGrid(false);
  setWordWrap(false);
  verticalHeader()->hide();
  verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 4);
  fit_columns();
  setAccessibleName(tr("Events in view"));
  later_.setSingleShot(true);
  later_.setInterval(150);
  connect(&later_, &QTimer::timeout, this, [this] {
    if (isVisible()) list_->ask();
  });
  const auto soon = [this] {
    setColumnHidden(EventListModel::slack, state_.scene().slack.empty());
    later_.start();
  };
  connect(&state_, &TimelineState::area_changed, this, soon);
  connect(&state_, &TimelineState::picture_changed, this, soon);
  // Rows of another trace mean nothing here.
  connect(&state_, &TimelineState::model_changed, list_, &EventListModel::forget);
  connect(this, &QTableView::activated, this,
          [this](const QModelIndex& index) { state_.select_and_reveal(list_->event_at(index.row())); });
}

// As wide as what usually stands there; names take the rest.
void EventTable::fit_columns() {
  const auto fit = [this](int column, const QString& usual) {
    setColumnWidth(column, fontMetrics().horizontalAdvance(usual) + 14);
  };
  for (const int times : {EventListModel::start, EventListModel::duration, EventListModel::slack})
    fit(times, QStringLiteral("888.888888888 s"));
  fit(EventListModel::event_class, QStringLiteral("PP communication"));
  fit(EventListModel::process, QStringLiteral("python3.10 GPU 0"));
  fit(EventListModel::track, QStringLiteral("receive backward"));
  horizontalHeader()->setSectionResizeMode(EventListModel::name, QHeaderView::Stretch);
}

void EventTable::changeEvent(QEvent* event) {
  QTableView::changeEvent(event);
  if (event->type() == QEvent::FontChange) fit_columns();
}

}  // namespace orrery::gui
