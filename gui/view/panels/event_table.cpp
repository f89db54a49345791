#include "gui/view/panels/event_table.h"

#include <QHeaderView>
#include <algorithm>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {

EventListModel::EventListModel(TimelineState& state, QObject* parent) : QAbstractTableModel(parent), state_(state) {}

void EventListModel::refill() {
  beginResetModel();
  events_.clear();
  const TraceModel& model = state_.model();
  const bool area = state_.area().has_value();
  const TimeRange range = area ? state_.area()->range : state_.scene().viewport.view();
  const std::vector<std::uint32_t> tracks =
      area ? state_.area_tracks() : state_.scene().lanes.tracks_between(model, 0, state_.scene().lanes.height());
  const auto room = static_cast<std::size_t>(kMost);
  for (const std::uint32_t shown : tracks) {
    const Track& of = model.tracks()[shown];
    for (std::uint32_t r = of.first_row; r < of.first_row + of.rows; ++r) {
      const Row& row = model.rows()[r];
      // Each row may give as many as there is room for: the earliest of all are kept.
      std::size_t taken = 0;
      for (std::uint32_t i = row.first_ending_after(range.begin);
           i < row.size() && row.start(i) < range.end && taken < room; ++i, ++taken)
        events_.push_back({r, i});
    }
    if (events_.size() > 8 * room) {
      const auto earlier = [&](EventRef a, EventRef b) { return model.range(a).begin < model.range(b).begin; };
      std::nth_element(events_.begin(), events_.begin() + kMost, events_.end(), earlier);
      events_.resize(room);
    }
  }
  std::sort(events_.begin(), events_.end(), [&](EventRef a, EventRef b) {
    const Ns left = model.range(a).begin, right = model.range(b).begin;
    return left != right ? left < right : a < b;
  });
  if (events_.size() > room) events_.resize(room);
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
  horizontalHeader()->setSectionResizeMode(EventListModel::name, QHeaderView::Stretch);
  setAccessibleName(tr("Events in view"));
  later_.setSingleShot(true);
  later_.setInterval(150);
  connect(&later_, &QTimer::timeout, this, [this] {
    if (isVisible()) list_->refill();
  });
  const auto soon = [this] {
    setColumnHidden(EventListModel::slack, state_.scene().slack.empty());
    later_.start();
  };
  connect(&state_, &TimelineState::area_changed, this, soon);
  connect(&state_, &TimelineState::picture_changed, this, soon);
  // Rows of another trace mean nothing here.
  connect(&state_, &TimelineState::model_changed, list_, &EventListModel::refill);
  connect(this, &QTableView::activated, this,
          [this](const QModelIndex& index) { state_.select_and_reveal(list_->event_at(index.row())); });
}

}  // namespace orrery::gui
